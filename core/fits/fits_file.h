// A FITS file in memory, read through CFITSIO: keywords, images and table columns of HDUs found by
// EXTNAME. CFITSIO never gets a name, only bytes whose structure ScanFits has accepted. Owns its
// bytes. One FitsFile belongs to one thread at a time; different ones are independent. Survey files
// have readers of their own in this room; core/simulate reads maps and spectra with it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/fits/bytes.h"
#include "core/fits/fits_scan.h"

namespace peculiar {

// One CFITSIO status code as a Status: "cannot <what>: <CFITSIO's words> (CFITSIO <code>)". OK for
// 0; RESOURCE_EXHAUSTED when memory ran out, else DATA_LOSS.
absl::Status StatusFromCfitsio(int code, std::string_view what);

// Errors are DATA_LOSS and name the HDU where there is one; the caller adds the file's name.
class FitsFile {
 public:
  static absl::StatusOr<FitsFile> Open(Bytes bytes);
  FitsFile(FitsFile&& other) noexcept;
  ~FitsFile();

  // The first HDU of that EXTNAME and kind, case ignored. The error lists the EXTNAMEs there are.
  absl::StatusOr<FitsHdu> Find(std::string_view extname, FitsHduKind kind) const;
  const std::vector<FitsHdu>& hdus() const { return hdus_; }

  // A keyword's value, without trailing blanks; absent when the header lacks it. An error when the
  // value is of another type.
  absl::StatusOr<std::optional<std::string>> Text(const FitsHdu& hdu, const char* key);
  absl::StatusOr<std::optional<double>> Number(const FitsHdu& hdu, const char* key);
  absl::StatusOr<std::optional<std::int64_t>> Integer(const FitsHdu& hdu, const char* key);

  // The whole image, x fastest, into exactly as many values. Bits are kept where the type is the
  // file's and there is no scaling: NaN, -0 and subnormals pass.
  absl::Status ReadImage(const FitsHdu& hdu, std::span<float> values);
  absl::Status ReadImage(const FitsHdu& hdu, std::span<double> values);
  absl::Status ReadImage(const FitsHdu& hdu, std::span<std::int32_t> values);

  // Column names of a binary table in order.
  absl::StatusOr<std::vector<std::string>> ColumnNames(const FitsHdu& table);
  // True when column `column` (0-based) holds text. An error when it is not scalar: one value or
  // one string a row. The two readers below need an accepted column.
  absl::StatusOr<bool> IsTextColumn(const FitsHdu& table, int column);
  absl::StatusOr<std::vector<std::string>> TextColumn(const FitsHdu& table, int column);
  // Undefined values are NaN, logical ones 0 or 1.
  absl::StatusOr<std::vector<double>> NumberColumn(const FitsHdu& table, int column);

 private:
  struct Handle;
  explicit FitsFile(std::unique_ptr<Handle> handle);
  absl::Status Select(const FitsHdu& hdu);
  template <typename T>
  absl::Status ReadPixels(const FitsHdu& hdu, int type, std::span<T> values);
  template <typename T>
  absl::StatusOr<std::optional<T>> Key(const FitsHdu& hdu, const char* key, int type);

  std::unique_ptr<Handle> handle_;
  std::vector<FitsHdu> hdus_;
};

}  // namespace peculiar
