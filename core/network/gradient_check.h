// For the tests of this room: values that depend on a seed alone, largest errors, and gradients
// against central differences in float64.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/network/feature_map.h"
#include "core/network/parameters.h"

namespace peculiar {

// Normal numbers that depend on the seed alone.
template <typename T>
std::vector<T> NormalValues(std::size_t n, std::uint64_t seed, double scale = 1) {
  Random random(seed);
  std::vector<T> values(n);
  for (T& value : values) value = static_cast<T>(scale * random.Normal());
  return values;
}

// Parameters near a network's first values, but with biases that are not zero.
template <typename T>
std::vector<T> NearFirstValues(const NetworkConfig& config, std::uint64_t seed) {
  std::vector<T> values;
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    for (const float value : InitialValues(spec, seed)) values.push_back(static_cast<T>(value));
  }
  const std::vector<T> offsets = NormalValues<T>(values.size(), seed + 1, 0.05);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += offsets[i];
  return values;
}

// Fills the channels of every pixel, leaving pads and border zero.
template <typename T>
void FillNormal(Map<T> map, const ChannelLanes& lanes, std::uint64_t seed) {
  Random random(seed);
  for (int y = 0; y < map.shape.rows; ++y) {
    for (int x = 0; x < map.shape.columns; ++x) {
      for (int c = 0; c < lanes.channels; ++c) {
        *map.Channel(y, x, lanes, c) = static_cast<T>(random.Normal());
      }
    }
  }
}

// Raises `error` to |found - expected|; a NaN is an infinite error.
inline void RaiseError(double found, double expected, double& error) {
  const double difference = std::abs(found - expected);
  if (!(difference <= error)) error = std::isnan(difference) ? INFINITY : difference;
}

// Expects gradient[k] at about `probes` places to be the derivative of function() by values[k], to
// 1e-6 of the largest gradient and the rounding of the differences.
inline void ExpectGradient(const std::function<double()>& function, double* values,
                           const double* gradient, std::size_t n, const std::string& what,
                           std::size_t probes = 12) {
  constexpr double kStep = 1e-6;
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k) largest = std::max(largest, std::abs(gradient[k]));
  ASSERT_GT(largest, 0) << what;
  const double rounding = 1e-9 * std::max(1e-3, std::abs(function()));
  for (std::size_t k = 0; k < n; k += std::max<std::size_t>(1, n / probes)) {
    const double kept = values[k];
    values[k] = kept + kStep;
    const double above = function();
    values[k] = kept - kStep;
    const double below = function();
    values[k] = kept;
    const double expected = (above - below) / (2 * kStep);
    ASSERT_NEAR(gradient[k], expected, 1e-6 * largest + rounding) << what << ", value " << k;
  }
}

}  // namespace peculiar
