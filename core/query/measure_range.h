// Bounds of what galaxies are ranked by: which galaxies of a column are within them. Plain values
// and pure functions; safe for concurrent use.
#pragma once

#include <cstddef>
#include <optional>

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

// INVALID_ARGUMENT `BAD_FILTER:` for a bound that is not finite, a percentile beyond 0 to 100, or a
// lower bound above its upper one.
absl::Status CheckRange(const MeasureRange& range);

// Whether a galaxy that the column ranks is in the range. O(log n) for percentiles, else O(1).
bool IsWithin(const MeasureRange& range, const MeasureColumn& column, std::size_t row);

}  // namespace peculiar
