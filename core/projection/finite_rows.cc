#include "core/projection/finite_rows.h"

#include <cmath>

namespace peculiar {

absl::Status CheckFiniteRows(Matrix matrix, std::string_view what) {
  if (matrix.rows == 0 || matrix.width == 0) {
    return InvalidArgument("{}: the matrix is {} x {}, expected at least 1 x 1", what, matrix.rows,
                           matrix.width);
  }
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    for (const float value : matrix.row(i)) {
      if (!std::isfinite(value)) {
        return InvalidArgument("{}: row {} holds {}, expected finite values", what, i, value);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace peculiar
