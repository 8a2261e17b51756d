// Third step of UMAP: where the descent starts. Each connected component of the graph is laid out
// by the graph's spectrum, or by principal components where that fails; the components stand around
// their centres, as principal components of these have them, apart from each other. Source:
// McInnes, Healy and Melville 2018 (arXiv 1802.03426), section 4.1; Kobak and Linderman 2021
// (Nature Biotechnology 39, 156) for why the start decides the large-scale shape. Stateless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/projection/fuzzy_graph.h"

namespace peculiar {

struct Start {
  std::vector<float> coordinates;  // n x n_components, row-major; each axis fills [0, 10]
  std::size_t parts = 0;           // connected components of the graph
  std::size_t spectral_parts = 0;  // those of them laid out by their spectrum
};

// graph: symmetric, of the rows of `points` (n x d, n >= 2, finite). A normal jitter of 1e-4,
// keyed by `seed`, keeps points of equal coordinates apart; an axis without any extent is jitter
// alone. Cost: SpectralStart's for every component, O(parts^2 n_components + n d^2).
absl::StatusOr<Start> StartLayout(Matrix points, const SparseGraph& graph, int n_components,
                                  std::uint64_t seed);

}  // namespace peculiar
