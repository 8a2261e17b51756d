// Third step of UMAP: where the descent starts. From the graph's spectrum where the graph hangs
// together, else from principal components. Source: McInnes, Healy and Melville 2018
// (arXiv 1802.03426), section 4.1; Kobak and Linderman 2021 for why a start with structure matters.
// Stateless.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/projection/fuzzy_graph.h"

namespace peculiar {

struct Start {
  std::vector<float> coordinates;  // n x n_components, row-major; each axis fills [0, 10]
  bool from_spectrum = false;
};

// graph: symmetric, of the rows of `points` (n x d, n >= 2, finite). A normal jitter of 1e-4,
// keyed by `seed`, keeps points of equal coordinates apart; an axis without any extent is jitter
// alone.
absl::StatusOr<Start> StartLayout(Matrix points, const SparseGraph& graph, int n_components,
                                  std::uint64_t seed);

}  // namespace peculiar
