#include "core/query/measure_range.h"

#include <cmath>
#include <string_view>

namespace peculiar {
namespace {

absl::Status CheckBounds(std::string_view what, const std::optional<double>& low,
                         const std::optional<double>& high) {
  for (const std::optional<double>& bound : {low, high}) {
    if (bound && !std::isfinite(*bound)) {
      return InvalidArgument("BAD_FILTER: a bound of {} is {}", what, *bound);
    }
  }
  if (!low || !high || *low <= *high) return absl::OkStatus();
  return InvalidArgument("BAD_FILTER: min_{0} {1} is above max_{0} {2}", what, *low, *high);
}

}  // namespace

absl::Status CheckRange(const MeasureRange& range) {
  PECULIAR_RETURN_IF_ERROR(CheckBounds("score", range.min_value, range.max_value));
  for (const std::optional<double>& bound : {range.min_percentile, range.max_percentile}) {
    if (bound && !(*bound >= 0 && *bound <= 100)) {
      return InvalidArgument("BAD_FILTER: a bound of percentile is {}; give 0 to 100", *bound);
    }
  }
  return CheckBounds("percentile", range.min_percentile, range.max_percentile);
}

}  // namespace peculiar
