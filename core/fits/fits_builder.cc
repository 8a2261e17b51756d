#include "core/fits/fits_builder.h"

#include <fitsio.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "core/fits/fits_file.h"
#include "core/fits/text.h"

namespace peculiar {
namespace {

// FITS standard, appendix J: the ones' complement sum of big-endian 32-bit words.
std::uint32_t OnesComplementSum(std::span<const std::byte> bytes, std::uint32_t start) {
  std::uint64_t sum = start;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + i, 4);
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap32(word);
    sum += word;  // carries gather in the upper half: room for 2^32 words
  }
  while (sum >> 32 != 0) sum = (sum & 0xffffffffU) + (sum >> 32);
  return static_cast<std::uint32_t>(sum);
}

// The fewest significant digits, of 15 to 17, that give `value` back.
int ExactDigits(double value) {
  for (int digits = 15; digits < 17; ++digits) {
    if (std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr) == value) return digits;
  }
  return 17;
}

template <typename T>
constexpr int kPixelType = std::is_same_v<T, float>    ? TFLOAT
                           : std::is_same_v<T, double> ? TDOUBLE
                                                       : TINT;
template <typename T>
constexpr int kBitpix = std::is_same_v<T, float>    ? FLOAT_IMG
                        : std::is_same_v<T, double> ? DOUBLE_IMG
                                                    : LONG_IMG;

// CFITSIO wants char* where it only reads.
char* Mutable(const std::string& text) { return const_cast<char*>(text.c_str()); }

std::size_t RowsOf(const FitsColumn& column) {
  return std::visit([](const auto& values) { return values.size(); }, column.values);
}

std::string FormatOf(const FitsColumn& column) {
  if (std::holds_alternative<std::vector<std::int64_t>>(column.values)) return "1K";
  if (std::holds_alternative<std::vector<double>>(column.values)) return "1D";
  std::size_t width = 1;
  for (const std::string& cell : std::get<std::vector<std::string>>(column.values)) {
    width = std::max(width, cell.size());
  }
  return fmt::format("{}A", width);
}

void WriteColumn(fitsfile* fits, int number, const FitsColumn& column, int& code) {
  const auto rows = static_cast<LONGLONG>(RowsOf(column));
  if (rows == 0) return;
  if (const auto* text = std::get_if<std::vector<std::string>>(&column.values)) {
    std::vector<char*> cells(text->size());
    std::transform(text->begin(), text->end(), cells.begin(), Mutable);
    fits_write_col_str(fits, number, 1, 1, rows, cells.data(), &code);
  } else if (const auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
    fits_write_col_dbl(fits, number, 1, 1, rows, const_cast<double*>(numbers->data()), &code);
  } else {
    std::vector<LONGLONG> integers(static_cast<std::size_t>(rows));
    std::ranges::copy(std::get<std::vector<std::int64_t>>(column.values), integers.begin());
    fits_write_col_lnglng(fits, number, 1, 1, rows, integers.data(), &code);
  }
}

}  // namespace

// CFITSIO grows `data` by realloc and keeps the addresses of both fields.
struct FitsBuilder::Handle {
  void* data = nullptr;
  std::size_t size = 0;
  fitsfile* fits = nullptr;

  ~Handle() {
    int code = 0;
    if (fits != nullptr) fits_close_file(fits, &code);
    std::free(data);
  }
};

FitsBuilder::FitsBuilder(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
FitsBuilder::FitsBuilder(FitsBuilder&& other) noexcept = default;
FitsBuilder::~FitsBuilder() = default;

absl::StatusOr<FitsBuilder> FitsBuilder::Create(std::uint64_t expected_bytes) {
  // CFITSIO takes all memory it is given as a file to append to, so it gets one block of zeros and
  // grows it to the expected size in one step.
  constexpr std::size_t kBlock = 2880;
  auto handle = std::make_unique<Handle>();
  handle->size = kBlock;
  handle->data = std::calloc(1, kBlock);
  if (handle->data == nullptr) return ResourceExhausted("no memory for a FITS file");
  int code = 0;
  fits_create_memfile(&handle->fits, &handle->data, &handle->size,
                      static_cast<std::size_t>(expected_bytes) + kBlock, std::realloc, &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, "begin a FITS file"));
  return FitsBuilder(std::move(handle));
}

absl::Status FitsBuilder::WriteCards(std::string_view extname, std::span<const FitsCard> cards) {
  fitsfile* fits = handle_->fits;
  int code = 0;
  if (!extname.empty()) {
    fits_write_key_str(fits, "EXTNAME", std::string(extname).c_str(), "name of this extension",
                       &code);
  }
  for (const FitsCard& card : cards) {
    const char* key = card.key.c_str();
    const char* comment = card.comment.c_str();
    if (const auto* text = std::get_if<std::string>(&card.value)) {
      if (card.key == "HISTORY") {
        fits_write_history(fits, Printable(*text).c_str(), &code);
      } else {
        fits_write_key_str(fits, key, Printable(*text).c_str(), comment, &code);
      }
    } else if (const auto* number = std::get_if<double>(&card.value)) {
      fits_write_key_dbl(fits, key, *number, -ExactDigits(*number), comment, &code);
    } else {
      fits_write_key_lng(fits, key, std::get<std::int64_t>(card.value), comment, &code);
    }
    PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, fmt::format("write keyword {}", key)));
  }
  // Their places; WriteSums fills them in. CFITSIO's own fits_write_chksum would write the date.
  fits_write_key_str(fits, "CHECKSUM", "0000000000000000", "HDU checksum", &code);
  fits_write_key_str(fits, "DATASUM", "0", "data unit checksum", &code);
  return StatusFromCfitsio(code, "write the checksum keywords");
}

absl::Status FitsBuilder::WriteSums() {
  fitsfile* fits = handle_->fits;
  int code = 0;
  LONGLONG header = 0;
  LONGLONG data = 0;
  LONGLONG end = 0;
  const auto sum_of = [&](LONGLONG from, LONGLONG to, std::uint32_t start) {
    const auto* bytes = static_cast<const std::byte*>(handle_->data);
    return OnesComplementSum({bytes + from, static_cast<std::size_t>(to - from)}, start);
  };
  fits_flush_file(fits, &code);  // END and padding come into the memory
  fits_get_hduaddrll(fits, &header, &data, &end, &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, "finish an HDU"));
  const std::uint32_t data_sum = sum_of(data, end, 0);
  fits_modify_key_str(fits, "DATASUM", std::to_string(data_sum).c_str(), "&", &code);
  fits_flush_file(fits, &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, "write DATASUM"));
  char encoded[17] = {};
  fits_encode_chksum(sum_of(header, data, data_sum), 1, encoded);
  fits_modify_key_str(fits, "CHECKSUM", encoded, "&", &code);
  fits_flush_file(fits, &code);
  return StatusFromCfitsio(code, "write CHECKSUM");
}

absl::Status FitsBuilder::AddPrimary(std::span<const FitsCard> cards) {
  int code = 0;
  fits_create_imgll(handle_->fits, BYTE_IMG, 0, nullptr, &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, "begin the primary header"));
  PECULIAR_RETURN_IF_ERROR(WriteCards("", cards));
  return WriteSums();
}

template <typename T>
absl::Status FitsBuilder::AddImage(std::string_view extname, const std::vector<std::int64_t>& axes,
                                   std::span<const FitsCard> cards, const std::vector<T>& pixels) {
  std::vector<LONGLONG> lengths(axes.begin(), axes.end());
  int code = 0;
  fits_create_imgll(handle_->fits, kBitpix<T>, static_cast<int>(lengths.size()), lengths.data(),
                    &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, fmt::format("begin image {}", extname)));
  PECULIAR_RETURN_IF_ERROR(WriteCards(extname, cards));
  fits_write_img(handle_->fits, kPixelType<T>, 1, static_cast<LONGLONG>(pixels.size()),
                 const_cast<T*>(pixels.data()), &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, fmt::format("write image {}", extname)));
  return WriteSums();
}

template absl::Status FitsBuilder::AddImage(std::string_view, const std::vector<std::int64_t>&,
                                            std::span<const FitsCard>, const std::vector<float>&);
template absl::Status FitsBuilder::AddImage(std::string_view, const std::vector<std::int64_t>&,
                                            std::span<const FitsCard>, const std::vector<double>&);
template absl::Status FitsBuilder::AddImage(std::string_view, const std::vector<std::int64_t>&,
                                            std::span<const FitsCard>,
                                            const std::vector<std::int32_t>&);

absl::Status FitsBuilder::AddTable(std::string_view extname, std::span<const FitsColumn> columns) {
  std::vector<std::string> formats;
  std::vector<char*> format_pointers;
  std::vector<char*> names;
  for (const FitsColumn& column : columns) formats.push_back(FormatOf(column));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    format_pointers.push_back(Mutable(formats[i]));
    names.push_back(Mutable(columns[i].name));
  }
  int code = 0;
  fits_create_tbl(handle_->fits, BINARY_TBL,
                  columns.empty() ? 0 : static_cast<LONGLONG>(RowsOf(columns[0])),
                  static_cast<int>(columns.size()), names.data(), format_pointers.data(), nullptr,
                  std::string(extname).c_str(), &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, fmt::format("begin table {}", extname)));
  PECULIAR_RETURN_IF_ERROR(WriteCards("", {}));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    WriteColumn(handle_->fits, static_cast<int>(i) + 1, columns[i], code);
    PECULIAR_RETURN_IF_ERROR(
        StatusFromCfitsio(code, fmt::format("write column {}", columns[i].name)));
  }
  return WriteSums();
}

absl::StatusOr<std::span<const std::byte>> FitsBuilder::Finish() {
  int code = 0;
  LONGLONG end = 0;
  fits_get_hduaddrll(handle_->fits, nullptr, nullptr, &end, &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, "finish a FITS file"));
  return std::span(static_cast<const std::byte*>(handle_->data), static_cast<std::size_t>(end));
}

}  // namespace peculiar
