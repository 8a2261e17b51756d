#include "core/cube/quality.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace peculiar {

std::vector<std::string> Drp3QualNames(std::int64_t drp3qual) {
  static constexpr std::array<std::string_view, 15> kNames = {
      "RETIRED",     "BADDEPTH", "SKYSUBBAD", "HIGHSCAT", "BADASTROM",
      "VARIABLELSF", "BADOMEGA", "BADSET",    "BADFLUX",  "BADPSF",
      "MANYDEAD",    "RETIRED2", "BLOWTORCH", "SEVEREBT", "UNUSUAL"};
  constexpr std::size_t kCriticalBit = 30;
  std::vector<std::string> names;
  for (std::size_t bit = 0; bit < 63; ++bit) {
    if (((drp3qual >> bit) & 1) == 0) continue;
    if (bit < kNames.size()) {
      names.emplace_back(kNames[bit]);
    } else {
      names.push_back(bit == kCriticalBit ? "CRITICAL" : fmt::format("BIT{}", bit));
    }
  }
  return names;
}

std::optional<std::int64_t> Drp3QualBit(std::string_view name) {
  for (int bit = 0; bit < 63; ++bit) {
    const std::int64_t value = std::int64_t{1} << bit;
    if (Drp3QualNames(value)[0] == name) return value;
  }
  return std::nullopt;
}

}  // namespace peculiar
