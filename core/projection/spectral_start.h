// Third step of UMAP, where it can be had: coordinates from the graph alone. The eigenvectors of
// the normalised Laplacian vary slowly along strong edges, so they lay out the large-scale shape
// that the descent then only refines. Source: McInnes, Healy and Melville 2018 (arXiv 1802.03426),
// algorithm 4; Belkin and Niyogi 2003. Stateless; Spectra's exceptions stop here.
#pragma once

#include <optional>
#include <vector>

#include "core/projection/fuzzy_graph.h"

namespace peculiar {

// graph: symmetric and connected, n points. The eigenvectors of I - D^-1/2 W D^-1/2 (W the weights,
// D their sums by row) of the smallest eigenvalues but the first, which is constant but for D:
// n x n_components, row-major, each of length 1. Nothing when n is below n_components + 2 or
// Lanczos does not converge. Of eigenvalues that are equal to the last digits, as of a perfect
// ring, some vectors may be missed in favour of the next ones. Deterministic; O(edges + 24 n) for
// each of typically 100 to 1000 products.
std::optional<std::vector<double>> SpectralStart(const SparseGraph& graph, int n_components);

}  // namespace peculiar
