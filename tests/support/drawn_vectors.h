// Vectors for tests of searches: as a function of row and coordinate says, or drawn from a normal
// distribution with a seed that the sizes give. Owned values.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "core/base/random.h"
#include "core/embedding/matrix.h"

namespace peculiar {

struct Vectors {
  std::size_t rows = 0, width = 0;
  std::vector<float> values;
  Matrix matrix() const { return {values.data(), rows, width}; }
};

inline Vectors Make(std::size_t rows, std::size_t width,
                    const std::function<double(std::size_t row, std::size_t i)>& value) {
  Vectors vectors{rows, width, {}};
  for (std::size_t i = 0; i < rows * width; ++i) {
    vectors.values.push_back(static_cast<float>(value(i / width, i % width)));
  }
  return vectors;
}

inline Vectors MakeNormal(std::size_t rows, std::size_t width, double scale = 1,
                          double offset = 0) {
  Random random(rows * 1000 + width);
  return Make(rows, width, [&](auto, auto) { return offset + scale * random.Normal(); });
}

}  // namespace peculiar
