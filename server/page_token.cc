#include "server/page_token.h"

#include <limits>

#include "absl/strings/escaping.h"

namespace peculiar::server {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kWordBytes = 8;
// Version, query hash, offset; then the id, then the checksum.
constexpr std::size_t kHeadBytes = 1 + 2 * kWordBytes;
constexpr std::size_t kMaxIdBytes = 255;
constexpr std::size_t kMaxTextBytes = (kHeadBytes + kMaxIdBytes + kWordBytes) * 4 / 3 + 4;

// FNV-1a. Each step is a bijection of the state, so a change of one byte always changes the result.
constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325;
std::uint64_t Fnv1a(std::string_view bytes, std::uint64_t state = kFnvBasis) {
  for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return state;
}

void AppendWord(std::uint64_t word, std::string& bytes) {
  char in_order[kWordBytes];
  for (std::size_t i = 0; i < kWordBytes; ++i) in_order[i] = static_cast<char>(word >> (8 * i));
  bytes.append(in_order, kWordBytes);
}

std::uint64_t WordAt(std::string_view bytes, std::size_t offset) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < kWordBytes; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  }
  return word;
}

std::string ToText(const std::string& bytes) {
  std::string text;
  absl::WebSafeBase64Escape(bytes, &text);
  return text;
}

}  // namespace

std::uint64_t HashQuery(std::initializer_list<std::string_view> parts) {
  std::uint64_t state = kFnvBasis;
  for (const std::string_view part : parts) {
    std::string size;  // so that {"ab", "c"} and {"a", "bc"} differ
    AppendWord(part.size(), size);
    state = Fnv1a(part, Fnv1a(size, state));
  }
  return state;
}

std::string EncodePageToken(const PageToken& token) {
  std::string bytes(1, kVersion);
  AppendWord(token.query_hash, bytes);
  AppendWord(static_cast<std::uint64_t>(token.offset), bytes);
  bytes += token.snapshot_id;
  AppendWord(Fnv1a(bytes), bytes);
  return ToText(bytes);
}

absl::StatusOr<PageToken> DecodePageToken(std::string_view text) {
  std::string bytes;
  if (text.size() > kMaxTextBytes ||
      !absl::WebSafeBase64Unescape({text.data(), text.size()}, &bytes)) {
    return BadPageToken("it is not one of this server's tokens");
  }
  // base64 has several spellings of the same bytes (padding, blanks); only ours is taken.
  if (bytes.size() <= kHeadBytes + kWordBytes || ToText(bytes) != text) {
    return BadPageToken("it is not one of this server's tokens");
  }
  const std::size_t end = bytes.size() - kWordBytes;
  if (WordAt(bytes, end) != Fnv1a(std::string_view(bytes).substr(0, end))) {
    return BadPageToken("it was altered or cut short");
  }
  const std::uint64_t offset = WordAt(bytes, 1 + kWordBytes);
  if (bytes[0] != kVersion ||
      offset > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return BadPageToken("it is of another version of the server");
  }
  return PageToken{bytes.substr(kHeadBytes, end - kHeadBytes), WordAt(bytes, 1),
                   static_cast<std::int64_t>(offset)};
}

absl::Status BadPageToken(std::string_view why) {
  return InvalidArgument(
      "BAD_PAGE_TOKEN: the page token cannot be used: {}; pass next_page_token of the response "
      "before, with the same question, or none for the first page",
      why);
}

}  // namespace peculiar::server
