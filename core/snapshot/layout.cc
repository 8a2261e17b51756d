#include "core/snapshot/layout.h"

#include <algorithm>

#include "core/base/status.h"

namespace peculiar {
namespace {

constexpr std::size_t kMaxModelName = 64;

// '0' any digit, 'a' a lower-case hexadecimal digit, the rest as it stands.
constexpr std::string_view kIdPattern = "00000000T000000Z-aaaaaaaaaaaa";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::string IndexFile(std::string_view model, std::string_view space) {
  return fmt::format("index-{}-{}.faiss", model, space);
}

std::string NeighborsFile(std::string_view model, std::string_view space) {
  return fmt::format("neighbors-{}-{}.bin", model, space);
}

std::string TransformFile(std::string_view model, std::string_view space) {
  return fmt::format("transform-{}-{}.json", model, space);
}

std::string EmbeddingsFile(std::string_view model) {
  return fmt::format("embeddings-{}.f32", model);
}

std::string SpaxelMapsFile(std::string_view model) {
  return fmt::format("spaxel-maps-{}.f32", model);
}

bool IsModelName(std::string_view text) {
  if (text.empty() || text.size() > kMaxModelName) return false;
  if (!IsDigit(text[0]) && !IsLetter(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsDigit(c) || IsLetter(c) || c == '_' || c == '-'; });
}

bool IsSnapshotId(std::string_view text) {
  if (text.size() != kIdPattern.size()) return false;
  return std::equal(text.begin(), text.end(), kIdPattern.begin(), [](char c, char pattern) {
    if (pattern == '0') return IsDigit(c);
    if (pattern == 'a') return IsDigit(c) || (c >= 'a' && c <= 'f');
    return c == pattern;
  });
}

}  // namespace peculiar
