// Bounds of what galaxies are ranked by, as a question states them; listing.h finds what is within.
// Plain values and pure functions; safe for concurrent use.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/status.h"
#include "core/query/measure.h"

namespace peculiar {

// Bounds of a measure and of its percentile among all galaxies; both ends belong to the range.
struct MeasureRange {
  std::optional<double> min_value;
  std::optional<double> max_value;
  std::optional<double> min_percentile;  // 0..100
  std::optional<double> max_percentile;
  bool empty() const { return !min_value && !max_value && !min_percentile && !max_percentile; }
};

// Bounds of one measure. A galaxy without the measure does not pass.
struct ScoreCondition {
  Measure measure = Measure::kMae;
  std::string_view line;  // name of the line; for the measures of a line, and only for them
  MeasureRange range;
};

// INVALID_ARGUMENT `BAD_FILTER:` for a bound that is not finite, a percentile beyond 0 to 100, or a
// lower bound above its upper one.
absl::Status CheckRange(const MeasureRange& range);

}  // namespace peculiar
