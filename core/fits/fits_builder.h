// Builds a FITS file in memory through CFITSIO: HDUs one after another, each with its CHECKSUM and
// DATASUM. The same calls give the same bytes: no date is written. Internal to the room.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

// A header card. A double is written with as many digits as give it back exactly; it must be
// finite. The key HISTORY takes text of any length.
struct FitsCard {
  std::string key;
  std::variant<std::string, std::int64_t, double> value;
  std::string comment;
};

// A column of a binary table. Text columns have the width of their longest cell.
struct FitsColumn {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<std::int64_t>, std::vector<double>> values;
};

class FitsBuilder {
 public:
  // `expected_bytes`: about how large the file will be; memory grows when it is more.
  static absl::StatusOr<FitsBuilder> Create(std::uint64_t expected_bytes);
  FitsBuilder(FitsBuilder&& other) noexcept;
  ~FitsBuilder();

  // The first HDU: keywords without data.
  absl::Status AddPrimary(std::span<const FitsCard> cards);
  // An image with the axes of `axes`, NAXIS1 first, x fastest; as many pixels as their product.
  template <typename T>  // float, double or std::int32_t
  absl::Status AddImage(std::string_view extname, const std::vector<std::int64_t>& axes,
                        std::span<const FitsCard> cards, const std::vector<T>& pixels);
  // Every column has the same number of rows.
  absl::Status AddTable(std::string_view extname, std::span<const FitsColumn> columns);

  // The whole file, valid as long as the builder. Call last.
  absl::StatusOr<std::span<const std::byte>> Finish();

 private:
  struct Handle;
  explicit FitsBuilder(std::unique_ptr<Handle> handle);
  absl::Status WriteCards(std::string_view extname, std::span<const FitsCard> cards);
  absl::Status WriteSums();

  std::unique_ptr<Handle> handle_;
};

}  // namespace peculiar
