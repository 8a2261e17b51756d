// Last step of UMAP: the descent. An edge pulls its ends together as often as its weight says, and
// each time a few random points push; the step shrinks to 0. Source: McInnes, Healy and Melville
// 2018 (arXiv 1802.03426), section 4.2 and algorithm 5.
//
// Deterministic on any number of threads: an epoch has four rounds, in each of which every point
// moves by the sum of its forces where all stood when the round began; random numbers are keyed by
// (seed, epoch, edge). Stateless.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/projection/curve_fit.h"
#include "core/projection/fuzzy_graph.h"

namespace peculiar {

struct LayoutOptions {
  int n_epochs = 500;
  int negative_sample_rate = 5;
  SimilarityCurve curve;
  std::uint64_t seed = 1;
  int threads = 0;  // 0 = all cores; no effect on the result
};

inline constexpr int kMostComponents = 8;

// graph: symmetric, n points. coordinates: n x width, row-major, width in [1, kMostComponents],
// moved in place. Edges of a weight below 1/n_epochs of the largest are left out (not even one turn
// would be theirs). O(n_epochs edges (1 + negative_sample_rate)) at most. Errors of ParallelFor.
absl::Status OptimizeLayout(const SparseGraph& graph, const LayoutOptions& options,
                            std::size_t width, std::vector<float>& coordinates);

// Places new points among `placed` (n x width), which stay: graph has a row for each new point, its
// columns are rows of `placed`; coordinates are the new points' (moved in place), from a step a
// quarter as long. Turns are relative to the largest weight of the point itself, so a point's place
// does not depend on the others of the call.
absl::Status PlaceLayout(const SparseGraph& graph, Matrix placed, const LayoutOptions& options,
                         std::vector<float>& coordinates);

}  // namespace peculiar
