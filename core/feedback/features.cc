#include "core/feedback/features.h"

#include <cmath>
#include <utility>
#include <vector>

namespace peculiar {
namespace {

absl::Status CheckFinite(Matrix features) {
  for (std::size_t i = 0; i < features.rows; ++i) {
    for (const float value : features.row(i)) {
      if (!std::isfinite(value)) {
        return InvalidArgument("row {} of the features holds {}, finite numbers expected", i,
                               value);
      }
    }
  }
  return absl::OkStatus();
}

struct Scale {
  std::size_t column = 0;
  double mean = 0;
  double deviation = 0;
};

Scale ScaleOf(Matrix features, std::size_t column) {
  const auto n = static_cast<double>(features.rows);
  Scale scale{.column = column};
  for (std::size_t i = 0; i < features.rows; ++i) scale.mean += features.row(i)[column] / n;
  double square = 0;
  for (std::size_t i = 0; i < features.rows; ++i) {
    const double difference = features.row(i)[column] - scale.mean;
    square += difference * difference / n;
  }
  scale.deviation = std::sqrt(square);
  return scale;
}

}  // namespace

absl::StatusOr<Points> StandardiseFeatures(Matrix features) {
  PECULIAR_RETURN_IF_ERROR(CheckFinite(features));
  // Below this, relative to the mean, a spread is the rounding of float32.
  constexpr double kRounding = 1e-6;
  std::vector<Scale> scales;
  for (std::size_t column = 0; column < features.width; ++column) {
    const Scale scale = ScaleOf(features, column);
    if (scale.deviation > kRounding * std::abs(scale.mean)) scales.push_back(scale);
  }
  if (scales.empty()) {
    return FailedPrecondition(
        "all {} rows are the same in all {} columns: there is nothing "
        "to tell galaxies apart by",
        features.rows, features.width);
  }
  Points points{.width = scales.size()};
  points.values.reserve(features.rows * scales.size());
  for (std::size_t i = 0; i < features.rows; ++i) {
    for (const Scale& scale : scales) {
      points.values.push_back((features.row(i)[scale.column] - scale.mean) / scale.deviation);
    }
  }
  return points;
}

}  // namespace peculiar
