// A borrowed row-major float32 matrix: n x d, compact. The one way vectors pass between rooms.
// Owns nothing: what it points at must outlive it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace peculiar {

struct Matrix {
  const float* values = nullptr;  // not owned
  std::size_t rows = 0;
  std::size_t width = 0;

  std::span<const float> row(std::size_t i) const { return {values + i * width, width}; }
};

// True when no value is NaN or infinite.
inline bool IsFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

}  // namespace peculiar
