// The curve 1 / (1 + a x^(2b)) that UMAP uses for similarity in the projection, fitted to the two
// parameters a user thinks in. Source: McInnes, Healy and Melville 2018 (arXiv 1802.03426),
// definition 11. Stateless.
#pragma once

#include "core/base/status.h"

namespace peculiar {

struct SimilarityCurve {
  double a = 0;  // > 0
  double b = 0;  // > 0
};

// The least squares of the curve to 1 for x < min_dist and exp(-(x - min_dist) / spread) beyond, at
// 300 points equally spaced on [0, 3 spread]. min_dist: distance of close points in the projection,
// in [0, spread]; spread: its scale, > 0. min_dist 0.1, spread 1 give a 1.577, b 0.895.
// INVALID_ARGUMENT outside these ranges.
absl::StatusOr<SimilarityCurve> FitSimilarityCurve(double min_dist, double spread);

}  // namespace peculiar
