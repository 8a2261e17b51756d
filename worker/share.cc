#include "worker/share.h"

#include <charconv>
#include <optional>

namespace peculiar::worker {
namespace {

constexpr std::size_t kMostShares = 1'000'000;

std::optional<std::size_t> Number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

absl::StatusOr<Share> ParseShare(std::string_view text) {
  const std::size_t slash = text.find('/');
  const bool cut = slash != std::string_view::npos;
  const auto index = cut ? Number(text.substr(0, slash)) : std::nullopt;
  const auto count = cut ? Number(text.substr(slash + 1)) : std::nullopt;
  if (!index || !count || *count < 1 || *count > kMostShares) {
    return InvalidArgument("shard '{:.80}', expected I/N, for example 0/8 to 7/8", text);
  }
  if (*index >= *count) {
    return InvalidArgument("shard '{}', expected 0/{} to {}/{}: the first is 0", text, *count,
                           *count - 1, *count);
  }
  return Share{*index, *count};
}

Range RangeOf(const Share& share, std::size_t n) {
  return {share.index * n / share.count, (share.index + 1) * n / share.count};
}

}  // namespace peculiar::worker
