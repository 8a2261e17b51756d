#include "core/fits/fits_file.h"

#include <fitsio.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "core/fits/fits_card.h"
#include "core/fits/text.h"

namespace peculiar {
namespace {

std::string Named(const FitsHdu& hdu) {
  return hdu.name.empty() ? fmt::format("HDU {}", hdu.number) : hdu.name;
}

std::string_view WithoutTrailingBlanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

absl::Status Fail(int code, std::string_view what, const FitsHdu& hdu) {
  return StatusFromCfitsio(code, fmt::format("{} of {}", what, Named(hdu)));
}

}  // namespace

absl::Status StatusFromCfitsio(int code, std::string_view what) {
  if (code == 0) return absl::OkStatus();
  // The text of the code only: CFITSIO's message stack is one for all threads.
  char text[FLEN_STATUS] = {};
  fits_get_errstatus(code, text);
  return MakeStatus(code == MEMORY_ALLOCATION ? absl::StatusCode::kResourceExhausted
                                              : absl::StatusCode::kDataLoss,
                    fmt::format("cannot {}: {} (CFITSIO {})", what, text, code));
}

// CFITSIO keeps the addresses of `data` and `size`: they must not move while it is open.
struct FitsFile::Handle {
  Bytes bytes;
  void* data = nullptr;
  std::size_t size = 0;
  fitsfile* fits = nullptr;
  // Held for the whole life when CFITSIO was built without thread support (Debian's has it).
  std::unique_lock<std::mutex> library;

  ~Handle() {
    int code = 0;
    if (fits != nullptr) fits_close_file(fits, &code);
  }
};

FitsFile::FitsFile(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
FitsFile::FitsFile(FitsFile&& other) noexcept = default;
FitsFile::~FitsFile() = default;

absl::StatusOr<FitsFile> FitsFile::Open(Bytes bytes) {
  PECULIAR_ASSIGN_OR_RETURN(std::vector<FitsHdu> hdus, ScanFits(bytes.span()));
  auto handle = std::make_unique<Handle>();
  static std::mutex library;
  if (fits_is_reentrant() == 0) handle->library = std::unique_lock(library);
  handle->bytes = std::move(bytes);
  handle->data = handle->bytes.span().data();
  handle->size = handle->bytes.size();
  int code = 0;
  fits_open_memfile(&handle->fits, "memory.fits", READONLY, &handle->data, &handle->size, 0,
                    nullptr, &code);
  PECULIAR_RETURN_IF_ERROR(StatusFromCfitsio(code, "open it as FITS"));
  FitsFile opened(std::move(handle));
  opened.hdus_ = std::move(hdus);
  return opened;
}

absl::StatusOr<FitsHdu> FitsFile::Find(std::string_view extname, FitsHduKind kind) const {
  std::string there;
  for (const FitsHdu& hdu : hdus_) {
    if (EqualsIgnoringCase(hdu.name, extname)) {
      if (hdu.kind == kind) return hdu;
      return DataLoss("{} is not {}", Named(hdu),
                      kind == FitsHduKind::kImage ? "an image" : "a binary table");
    }
    if (there.size() < 500) there += (there.empty() ? "" : ", ") + Named(hdu);
  }
  return DataLoss("there is no extension {}; there are: {}", extname, there);
}

absl::Status FitsFile::Select(const FitsHdu& hdu) {
  int code = 0;
  LONGLONG header = 0;
  LONGLONG data = 0;
  LONGLONG end = 0;
  fits_movabs_hdu(handle_->fits, hdu.number, nullptr, &code);
  fits_get_hduaddrll(handle_->fits, &header, &data, &end, &code);
  PECULIAR_RETURN_IF_ERROR(Fail(code, "read the header", hdu));
  // The checks were made on what ScanFits understood; CFITSIO must have understood the same.
  const auto padded =
      static_cast<LONGLONG>((hdu.data_bytes + kFitsBlock - 1) / kFitsBlock * kFitsBlock);
  if (data != static_cast<LONGLONG>(hdu.data_offset) || end - data != padded) {
    return DataLoss("the header of {} is contradictory", Named(hdu));
  }
  return absl::OkStatus();
}

std::optional<std::string> FitsFile::Text(const FitsHdu& hdu, std::string_view key) const {
  const auto header = handle_->bytes.text().substr(hdu.header_offset);
  return FindFitsValue(header.substr(0, hdu.data_offset - hdu.header_offset), key);
}

absl::StatusOr<std::optional<double>> FitsFile::Number(const FitsHdu& hdu,
                                                       std::string_view key) const {
  const std::optional<std::string> text = Text(hdu, key);
  if (!text || text->empty()) return std::nullopt;
  const std::optional<double> value = ParseFitsNumber(*text);
  if (!value) return DataLoss("{} of {} is '{}', a number expected", key, Named(hdu), *text);
  return value;
}

absl::StatusOr<std::optional<std::int64_t>> FitsFile::Integer(const FitsHdu& hdu,
                                                              std::string_view key) const {
  const std::optional<std::string> text = Text(hdu, key);
  if (!text || text->empty()) return std::nullopt;
  const std::optional<std::int64_t> value = ParseFitsInteger(*text);
  if (!value) return DataLoss("{} of {} is '{}', an integer expected", key, Named(hdu), *text);
  return value;
}

template <typename T>
absl::Status FitsFile::ReadPixels(const FitsHdu& hdu, int type, std::span<T> values) {
  PECULIAR_RETURN_IF_ERROR(Select(hdu));
  const std::uint64_t count = hdu.data_bytes / static_cast<std::uint64_t>(std::abs(hdu.bitpix) / 8);
  if (hdu.kind != FitsHduKind::kImage || count != values.size()) {
    return Internal("{} has {} values, {} asked for", Named(hdu), count, values.size());
  }
  int code = 0;
  int any_undefined = 0;
  // Without a null value CFITSIO tests no pixel, so every bit pattern passes.
  fits_read_img(handle_->fits, type, 1, static_cast<LONGLONG>(values.size()), nullptr,
                values.data(), &any_undefined, &code);
  return Fail(code, "read the pixels", hdu);
}

absl::Status FitsFile::ReadImage(const FitsHdu& hdu, std::span<float> values) {
  return ReadPixels(hdu, TFLOAT, values);
}
absl::Status FitsFile::ReadImage(const FitsHdu& hdu, std::span<double> values) {
  return ReadPixels(hdu, TDOUBLE, values);
}
absl::Status FitsFile::ReadImage(const FitsHdu& hdu, std::span<std::int32_t> values) {
  return ReadPixels(hdu, TINT, values);
}

absl::StatusOr<std::vector<std::string>> FitsFile::ColumnNames(const FitsHdu& table) {
  PECULIAR_RETURN_IF_ERROR(Select(table));
  int code = 0;
  int columns = 0;
  fits_get_num_cols(handle_->fits, &columns, &code);
  PECULIAR_RETURN_IF_ERROR(Fail(code, "count the columns", table));
  std::vector<std::string> names;
  for (int i = 1; i <= columns; ++i) {
    names.push_back(Text(table, fmt::format("TTYPE{}", i)).value_or(""));
  }
  return names;
}

absl::StatusOr<bool> FitsFile::IsTextColumn(const FitsHdu& table, int column) {
  PECULIAR_RETURN_IF_ERROR(Select(table));
  int code = 0;
  int type = 0;
  LONGLONG repeat = 0;
  LONGLONG width = 0;
  fits_get_coltypell(handle_->fits, column + 1, &type, &repeat, &width, &code);
  PECULIAR_RETURN_IF_ERROR(Fail(code, fmt::format("read column {}", column + 1), table));
  const bool is_text = type == TSTRING;
  if (type < 0 || type == TCOMPLEX || type == TDBLCOMPLEX || type == TBIT ||
      repeat != (is_text ? width : 1) || width > table.axes[0]) {
    return DataLoss("column {} of {} is not one value a row", column + 1, Named(table));
  }
  return is_text;
}

absl::StatusOr<std::vector<std::string>> FitsFile::TextColumn(const FitsHdu& table, int column) {
  PECULIAR_RETURN_IF_ERROR(Select(table));
  int code = 0;
  LONGLONG width = 0;
  fits_get_coltypell(handle_->fits, column + 1, nullptr, nullptr, &width, &code);
  PECULIAR_RETURN_IF_ERROR(Fail(code, fmt::format("read column {}", column + 1), table));
  // A column is no wider than a row and the rows are really there, so this is within the file size.
  const auto rows = static_cast<std::size_t>(table.axes[1]);
  const auto cell = static_cast<std::size_t>(width) + 1;
  int any_undefined = 0;  // CFITSIO writes to it unasked
  std::vector<char> text(rows * cell);
  std::vector<char*> cells(rows);
  for (std::size_t row = 0; row < rows; ++row) cells[row] = text.data() + row * cell;
  if (rows > 0) {
    fits_read_col(handle_->fits, TSTRING, column + 1, 1, 1, static_cast<LONGLONG>(rows), nullptr,
                  cells.data(), &any_undefined, &code);
  }
  PECULIAR_RETURN_IF_ERROR(Fail(code, fmt::format("read column {}", column + 1), table));
  // CFITSIO gives a blank cell as one blank.
  std::vector<std::string> values;
  values.reserve(rows);
  for (const char* value : cells) values.emplace_back(WithoutTrailingBlanks(value));
  return values;
}

absl::StatusOr<std::vector<double>> FitsFile::NumberColumn(const FitsHdu& table, int column) {
  PECULIAR_RETURN_IF_ERROR(Select(table));
  int code = 0;
  int any_undefined = 0;  // CFITSIO writes to it unasked
  int type = 0;
  fits_get_coltypell(handle_->fits, column + 1, &type, nullptr, nullptr, &code);
  std::vector<double> values(static_cast<std::size_t>(table.axes[1]));
  const auto rows = static_cast<LONGLONG>(values.size());
  if (rows > 0 && type == TLOGICAL) {
    std::vector<char> logical(values.size());
    fits_read_col(handle_->fits, TLOGICAL, column + 1, 1, 1, rows, nullptr, logical.data(),
                  &any_undefined, &code);
    std::copy(logical.begin(), logical.end(), values.begin());
  } else if (rows > 0) {
    double undefined = std::numeric_limits<double>::quiet_NaN();
    fits_read_col(handle_->fits, TDOUBLE, column + 1, 1, 1, rows, &undefined, values.data(),
                  &any_undefined, &code);
  }
  PECULIAR_RETURN_IF_ERROR(Fail(code, fmt::format("read column {}", column + 1), table));
  return values;
}

}  // namespace peculiar
