// Second step of UMAP: the weighted graph whose layout is sought. Each point's memberships form a
// fuzzy set of edges; their union over all points is symmetric. Source: McInnes, Healy and Melville
// 2018 (arXiv 1802.03426), section 3.1 and algorithm 1. Plain values; stateless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/neighbors.h"
#include "core/projection/smooth_knn.h"

namespace peculiar {

// A sparse n x m matrix by rows: the edges of row i are those in [begin[i], begin[i + 1]), columns
// ascending.
struct SparseGraph {
  std::vector<std::size_t> begin = {0};  // n + 1
  std::vector<std::uint32_t> column;
  std::vector<float> weight;  // in (0, 1]

  std::size_t n_rows() const { return begin.size() - 1; }
};

// Whether the lists are of the points that they name, or of points outside that set.
enum class ListsOf { kTheSamePoints, kNewPoints };

// neighbors: list i are the nearest of `n_listed` points to point i, nearest first, the point
// itself left out. INVALID_ARGUMENT naming the point when its list is empty or out of order, or
// holds a row out of range, a row twice, the point itself (kTheSamePoints), or a distance that is
// negative or not finite. O(n k log k).
absl::Status CheckNeighborLists(const std::vector<NeighborList>& neighbors, std::size_t n_listed,
                                ListsOf lists_of);

// neighbors: n lists that CheckNeighborLists accepts, of the same points. The symmetric union
// w = p_ij + p_ji - p_ij p_ji of the memberships, without zeros. O(n k log k).
SparseGraph BuildFuzzyGraph(const std::vector<NeighborList>& neighbors,
                            const NeighborScales& scales);

// For each row its connected component: numbered from 0 in the order of their first rows. Requires
// a symmetric graph. O(edges).
std::vector<std::uint32_t> ConnectedComponents(const SparseGraph& graph);

}  // namespace peculiar
