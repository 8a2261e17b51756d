// How well a projection keeps neighbourhoods. Neighbour lists are received as data; ranks are
// counted here, exactly. Stateless. Source: Venna and Kaski 2006 (Neural Networks 19, 889),
// equations 1 and 2.
#pragma once

#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"

namespace peculiar {

// In all three: lists are of each of n points its nearest other points, itself left out, nearest
// first, of which the first k are used; threads: 0 = all cores, no effect on the result.
// INVALID_ARGUMENT when n < 2, k < 1, the number of lists is not n, a list is wrong or shorter than
// k, a value is not finite, or (the first two) k >= n / 2, where the measures are not defined.

// Trustworthiness: 1 where the k nearest of every point in the projection are among its k nearest
// in `original` (n x d), less by how far down its ranks there they are, about 0.5 for points at
// random. O(n^2 (d + k)), 8 n bytes a thread: 10,000 x 50 see docs/benchmarks.md.
absl::StatusOr<double> Trustworthiness(Matrix original,
                                       const std::vector<NeighborList>& projected_neighbors, int k,
                                       int threads);

// Continuity: the same with the spaces exchanged; 1 where the k nearest in the original stayed
// among the k nearest of `projection` (n x width).
absl::StatusOr<double> Continuity(Matrix projection,
                                  const std::vector<NeighborList>& original_neighbors, int k,
                                  int threads);

}  // namespace peculiar
