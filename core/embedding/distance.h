// The distance between two coordinates of a space: Euclidean, in double. The one definition, so
// that a neighbour list, a rank and a distance that is told never disagree in the last bit.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace peculiar {

// a, b: of one width. Squares are summed from the first coordinate to the last.
inline double Distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

}  // namespace peculiar
