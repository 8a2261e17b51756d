// How well a projection keeps neighbourhoods. Neighbour lists are received as data; ranks are
// counted here, exactly. Stateless. Source: Venna and Kaski 2006 (Neural Networks 19, 889),
// equations 1 and 2, whose sum over all points is that over some of them where n is large.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"

namespace peculiar {

// The points over which n of them are measured, so that the work grows no faster than n: all up to
// 10,000; beyond, 10^8 / n but at least 1,000, evenly spaced. The measures of 100,000 points in two
// clusters then scatter by about 0.001.
std::vector<std::size_t> MeasuredRows(std::size_t n);

// In both: lists are of each of `rows` its nearest of all n points, itself left out, nearest first,
// of which the first k are used; threads: 0 = all cores, no effect on the result. INVALID_ARGUMENT
// when n < 2, no row is given, k < 1 or k >= n / 2, where the measures are not defined, the number
// of lists is not that of the rows, a list is wrong or shorter than k, or a value is not finite.

// Trustworthiness: 1 where the k nearest of every point in the projection are among its k nearest
// in `original` (n x d), less by how far down its ranks there they are, about 0.5 for points at
// random. O(rows n (d + k)), 8 n bytes a thread: 10,000 x 50 see docs/benchmarks.md.
absl::StatusOr<double> Trustworthiness(Matrix original, std::span<const std::size_t> rows,
                                       const std::vector<NeighborList>& projected_neighbors, int k,
                                       int threads);

// Continuity: the same with the spaces exchanged; 1 where the k nearest in the original stayed
// among the k nearest of `projection` (n x width).
absl::StatusOr<double> Continuity(Matrix projection, std::span<const std::size_t> rows,
                                  const std::vector<NeighborList>& original_neighbors, int k,
                                  int threads);

}  // namespace peculiar
