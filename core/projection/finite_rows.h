// The check that both projections make of their input before anything is computed: a matrix with
// at least one value, all finite. Also the owned matrix they return. Stateless.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"

namespace peculiar {

// An owned row-major float32 matrix, n x d.
struct Coordinates {
  std::vector<float> values;
  std::size_t rows = 0;
  std::size_t width = 0;

  // Valid as long as `values` is neither moved nor resized.
  Matrix matrix() const { return {values.data(), rows, width}; }
};

// INVALID_ARGUMENT, naming `what`, when the matrix is empty or a value is not finite (its row is
// named). O(n d).
absl::Status CheckFiniteRows(Matrix matrix, std::string_view what);

}  // namespace peculiar
