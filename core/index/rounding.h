// Internal to the room: what a squared distance in float says about the true one, so that a search
// may propose in float and decide in double. A plain value.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

namespace peculiar {

// Squared float differences of width d that are summed in any order: each term is off by at most 2
// units of rounding, the sum by d more; squares that underflow lose at most one subnormal each.
// Both bounds are taken twice as wide as needed, which also covers the rounding of Distance:
//   squared * (1 - relative) - absolute <= true squared distance <= squared * (1 + relative) +
//   absolute
struct DistanceRounding {
  explicit DistanceRounding(std::size_t width)
      : relative((static_cast<double>(width) + 8) *
                 static_cast<double>(std::numeric_limits<float>::epsilon())),
        absolute(2 * static_cast<double>(width) *
                 static_cast<double>(std::numeric_limits<float>::denorm_min())) {}

  double relative;
  double absolute;

  // No vector whose float squared distance is above this is truly as near as one whose float
  // squared distance is `squared`. Infinity when nothing can be said.
  float SurelyFurther(float squared) const {
    if (!(relative < 1)) return std::numeric_limits<float>::infinity();
    const double bound =
        (static_cast<double>(squared) * (1 + relative) + 2 * absolute) / (1 - relative);
    const auto rounded = static_cast<float>(bound);
    return std::nextafter(rounded, std::numeric_limits<float>::infinity());
  }

  // Every vector whose float squared distance is below this is truly nearer than one whose float
  // squared distance is `squared`. 0 when nothing can be said.
  float SurelyNearer(float squared) const {
    const double bound =
        (static_cast<double>(squared) * (1 - relative) - 2 * absolute) / (1 + relative);
    return bound > 0 ? std::nextafter(static_cast<float>(bound), 0.0f) : 0;
  }
};

}  // namespace peculiar
