#include "core/model/memory_limit.h"

#include <charconv>
#include <cmath>

namespace peculiar {
namespace {

constexpr double kMebi = 1 << 20;
constexpr double kGibi = 1 << 30;
constexpr double kMostGibi = 1 << 20;

struct Unit {
  std::string_view name;
  double factor;  // to bytes; 0: a percentage
};
constexpr Unit kUnits[] = {{"GiB", kGibi}, {"MiB", kMebi}, {"%", 0}};

}  // namespace

absl::StatusOr<MemoryLimit> ParseMemoryLimit(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    const char* const end = text.data() + text.size() - unit.name.size();
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (error != std::errc() || stop != end || !(value > 0)) break;
    if (unit.factor == 0 && value <= 100) return MemoryLimit{.share = value / 100};
    if (unit.factor == 0 || value * unit.factor > kMostGibi * kGibi) break;
    if (value * unit.factor < 1) break;
    return MemoryLimit{.bytes = std::llround(value * unit.factor)};
  }
  return InvalidArgument("memory limit '{:.80}', expected a size or share as 20GiB, 512MiB or 50%",
                         text);
}

absl::StatusOr<double> ShareOf(const MemoryLimit& limit, std::int64_t total_bytes) {
  if (limit.bytes == 0) return limit.share;
  if (limit.bytes > total_bytes) {
    return InvalidArgument("the memory limit is {}, but the GPU has {}", MemoryText(limit.bytes),
                           MemoryText(total_bytes));
  }
  return static_cast<double>(limit.bytes) / static_cast<double>(total_bytes);
}

std::string MemoryText(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value < kGibi) return fmt::format("{:.0f} MiB", value / kMebi);
  return fmt::format("{:.1f} GiB", value / kGibi);
}

}  // namespace peculiar
