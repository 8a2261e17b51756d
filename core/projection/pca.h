// Principal components of embeddings: the space `pca`, and the start of UMAP where the graph gives
// none. A fitted model is a plain value that can be stored; Transform is safe to call concurrently.
// Computed in double. Source: Jolliffe, Principal Component Analysis (2002), section 3.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/projection/finite_rows.h"

namespace peculiar {

struct PcaOptions {
  int n_components = 50;  // at most; a model has min(n_components, d, n)
};

struct PcaModel {
  std::size_t width = 0;           // d, of the points it was fitted to
  std::vector<double> mean;        // d, units of the points
  std::vector<double> components;  // n_components x d, row-major, rows orthonormal, by falling
                                   // variance; the entry of largest magnitude is positive (of
                                   // those equal to 1e-9 that of the lowest index)
  std::vector<double> explained_variance;        // n_components, over n - 1, >= 0
  std::vector<double> explained_variance_ratio;  // of the total variance; 0 when that is 0

  std::size_t n_components() const { return explained_variance.size(); }
};

// points: n x d, n >= 2. Centres the points and diagonalises their covariance: O(n d^2 + d^3) time,
// 8 n d bytes. Points that are all equal give variances and ratios 0 and some orthonormal
// components; the same holds for the components beyond the points' rank. INVALID_ARGUMENT when
// n < 2, d is 0, n_components < 1 or a value is not finite (naming its row).
absl::StatusOr<PcaModel> FitPca(Matrix points, const PcaOptions& options);

// points: m x width, m >= 1. Their coordinates, m x n_components: (point - mean) . component,
// summed in double. O(m d n_components). INVALID_ARGUMENT when the width differs or a value is not
// finite.
absl::StatusOr<Coordinates> TransformPca(const PcaModel& model, Matrix points);

}  // namespace peculiar
