#include "core/fits/fits_scan.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

#include "core/fits/fits_card.h"
#include "core/fits/text.h"

namespace peculiar {
namespace {

constexpr std::size_t kMaxHdus = 1000;  // a LOGCUBE has about 25

// The keywords of one header that say what its data are. The first of a repeated keyword counts.
struct Header {
  std::map<std::string, std::string, std::less<>> values;
  std::size_t end = 0;  // offset of the first byte after the header's last block

  std::string Text(std::string_view key) const {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : found->second;
  }
  std::optional<std::int64_t> Integer(std::string_view key) const {
    return ParseFitsInteger(Text(key));
  }
};

bool IsStructural(std::string_view key) {
  return key == "SIMPLE" || key == "XTENSION" || key == "BITPIX" || key.starts_with("NAXIS") ||
         key == "PCOUNT" || key == "GCOUNT" || key == "GROUPS" || key == "EXTNAME" ||
         key == "ZIMAGE";
}

absl::StatusOr<Header> ReadHeader(std::string_view text, std::size_t offset) {
  Header header;
  for (std::size_t at = offset; at + kFitsCard <= text.size(); at += kFitsCard) {
    const std::string_view card = text.substr(at, kFitsCard);
    const std::string_view key = FitsCardKey(card);
    if (key == "END" && TrimBlanks(card.substr(3)).empty()) {
      header.end = (at / kFitsBlock + 1) * kFitsBlock;
      return header;
    }
    if (FitsCardHasValue(card) && IsStructural(key)) {
      header.values.emplace(key, FitsCardValue(card));
    }
  }
  return DataLoss("its header does not end");
}

absl::StatusOr<std::vector<std::int64_t>> AxesOf(const Header& header) {
  const std::optional<std::int64_t> count = header.Integer("NAXIS");
  if (!count || *count < 0 || *count > 999) {
    return DataLoss("NAXIS is '{}', 0 to 999 expected", header.Text("NAXIS"));
  }
  std::vector<std::int64_t> axes;
  for (std::int64_t i = 1; i <= *count; ++i) {
    const std::string key = fmt::format("NAXIS{}", i);
    const std::optional<std::int64_t> length = header.Integer(key);
    if (!length || *length < 0) {
      return DataLoss("{} is '{}', a length expected", key, header.Text(key));
    }
    axes.push_back(*length);
  }
  return axes;
}

// FITS standard 4.4.1: |BITPIX| / 8 * GCOUNT * (PCOUNT + NAXIS1 * ... * NAXISm).
absl::StatusOr<std::uint64_t> DataBytesOf(const Header& header, const FitsHdu& hdu) {
  const std::int64_t parameters = header.Integer("PCOUNT").value_or(0);
  const std::int64_t groups = header.Integer("GCOUNT").value_or(1);
  const bool has_heap = hdu.kind != FitsHduKind::kImage;  // only these may have parameters
  if (parameters < 0 || (parameters > 0 && !has_heap) || groups != 1) {
    return DataLoss("PCOUNT is {} and GCOUNT {}, {} and 1 expected", parameters, groups,
                    has_heap ? "at least 0" : "0");
  }
  if (hdu.axes.empty()) return 0;
  bool overflow = false;
  std::uint64_t bytes = 1;
  for (const std::int64_t length : hdu.axes) {
    overflow |= __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(length), &bytes);
  }
  overflow |= __builtin_add_overflow(bytes, static_cast<std::uint64_t>(parameters), &bytes);
  const auto width = static_cast<std::uint64_t>(std::abs(hdu.bitpix) / 8);
  overflow |= __builtin_mul_overflow(bytes, width, &bytes);
  if (overflow) return DataLoss("its axes claim more data than any file holds");
  return bytes;
}

FitsHduKind KindOf(const Header& header) {
  const std::string extension = header.Text("XTENSION");
  if (extension == "BINTABLE") return FitsHduKind::kBinaryTable;
  const bool is_image = extension.empty() || extension == "IMAGE";
  return is_image && header.Text("GROUPS") != "T" ? FitsHduKind::kImage : FitsHduKind::kOther;
}

absl::StatusOr<FitsHdu> ReadHdu(std::string_view text, std::size_t offset, int number) {
  if (number > 1 && !text.substr(offset).starts_with("XTENSION=")) {
    return DataLoss("found no XTENSION at byte {}: corrupt, or bytes after the last one", offset);
  }
  PECULIAR_ASSIGN_OR_RETURN(const Header header, ReadHeader(text, offset));
  FitsHdu hdu;
  hdu.number = number;
  hdu.header_offset = offset;
  hdu.name = header.Text("EXTNAME");
  if (hdu.name.empty() && number == 1) hdu.name = "PRIMARY";
  hdu.kind = KindOf(header);
  if (header.Text("ZIMAGE") == "T") {
    return DataLoss("it ({}) is a tile-compressed image, which is not accepted; funpack it",
                    hdu.name);
  }
  constexpr int kTypes[] = {8, 16, 32, 64, -32, -64};
  const std::optional<std::int64_t> bitpix = header.Integer("BITPIX");
  if (!bitpix || std::find(std::begin(kTypes), std::end(kTypes), *bitpix) == std::end(kTypes)) {
    return DataLoss("BITPIX is '{}', 8, 16, 32, 64, -32 or -64 expected", header.Text("BITPIX"));
  }
  hdu.bitpix = static_cast<int>(*bitpix);
  PECULIAR_ASSIGN_OR_RETURN(hdu.axes, AxesOf(header));
  if (hdu.kind == FitsHduKind::kBinaryTable &&
      (hdu.axes.size() != 2 || (hdu.axes[0] == 0 && hdu.axes[1] > 0))) {
    return DataLoss("it ({}) is a table without two axes of data", hdu.name);
  }
  PECULIAR_ASSIGN_OR_RETURN(hdu.data_bytes, DataBytesOf(header, hdu));
  hdu.data_offset = header.end;
  const std::uint64_t left = text.size() - std::min<std::uint64_t>(text.size(), hdu.data_offset);
  // The standard pads data to whole blocks; a file that ends within them was cut.
  if (hdu.data_bytes > left || (hdu.data_bytes + kFitsBlock - 1) / kFitsBlock * kFitsBlock > left) {
    return DataLoss("it ({}) claims {} bytes of data where the file has {}: truncated or false",
                    hdu.name, hdu.data_bytes, left);
  }
  return hdu;
}

}  // namespace

absl::StatusOr<std::vector<FitsHdu>> ScanFits(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with("SIMPLE  =")) {
    return DataLoss("it is not a FITS file: it does not begin with SIMPLE");
  }
  std::vector<FitsHdu> hdus;
  for (std::size_t offset = 0; offset < text.size();) {
    if (hdus.size() == kMaxHdus) return DataLoss("it has over {} HDUs", kMaxHdus);
    const int number = static_cast<int>(hdus.size()) + 1;
    auto hdu = ReadHdu(text, offset, number);
    if (!hdu.ok()) return Annotate(hdu.status(), fmt::format("HDU {}", number));
    const std::uint64_t end = hdu->data_offset + hdu->data_bytes;
    offset = static_cast<std::size_t>((end + kFitsBlock - 1) / kFitsBlock * kFitsBlock);
    hdus.push_back(*std::move(hdu));
  }
  return hdus;
}

}  // namespace peculiar
