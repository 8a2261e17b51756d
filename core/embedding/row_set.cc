#include "core/embedding/row_set.h"

namespace peculiar {
namespace {

[[gnu::always_inline]] inline std::size_t CountBits(std::span<const std::uint64_t> words) {
  std::size_t count = 0;
  for (const std::uint64_t word : words) count += static_cast<std::size_t>(std::popcount(word));
  return count;
}

#if defined(__x86_64__)
// The instruction is younger than the oldest x86-64.
[[gnu::target("popcnt")]] std::size_t CountBitsByInstruction(std::span<const std::uint64_t> words) {
  return CountBits(words);
}
#endif

}  // namespace

std::size_t RowSet::Count() const {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("popcnt")) return CountBitsByInstruction(words_);
#endif
  return CountBits(words_);
}

}  // namespace peculiar
