#include "core/projection/fuzzy_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace peculiar {
namespace {

struct Edge {
  std::uint32_t column;
  double there;  // membership of `column` among the row's neighbours
  double back;   // membership of the row among those of `column`
};

absl::Status CheckList(const NeighborList& list, std::size_t i, std::size_t n_listed,
                       ListsOf lists_of) {
  if (list.empty()) return InvalidArgument("point {} has no neighbours", i);
  std::vector<std::size_t> rows;
  double last = 0;
  for (const Neighbor& neighbor : list) {
    if (neighbor.row >= n_listed) {
      return InvalidArgument("point {}: neighbour {} of {} points", i, neighbor.row, n_listed);
    }
    if (lists_of == ListsOf::kTheSamePoints && neighbor.row == i) {
      return InvalidArgument("point {} is its own neighbour, expected others only", i);
    }
    if (!std::isfinite(neighbor.distance) || neighbor.distance < last) {
      return InvalidArgument("point {}: distance {} after {}, expected finite, nearest first", i,
                             neighbor.distance, last);
    }
    last = neighbor.distance;
    rows.push_back(neighbor.row);
  }
  std::sort(rows.begin(), rows.end());
  const auto twice = std::adjacent_find(rows.begin(), rows.end());
  if (twice != rows.end()) return InvalidArgument("point {}: neighbour {} twice", i, *twice);
  return absl::OkStatus();
}

// Both directions of every membership, each at the row of its own end.
std::vector<std::vector<Edge>> EdgesByRow(const std::vector<NeighborList>& neighbors,
                                          const NeighborScales& scales) {
  std::vector<std::vector<Edge>> edges(neighbors.size());
  for (std::size_t i = 0; i < neighbors.size(); ++i) {
    for (const Neighbor& neighbor : neighbors[i]) {
      const double membership = Membership(neighbor.distance, scales.rho[i], scales.sigma[i]);
      edges[i].push_back({static_cast<std::uint32_t>(neighbor.row), membership, 0});
      edges[neighbor.row].push_back({static_cast<std::uint32_t>(i), 0, membership});
    }
  }
  return edges;
}

}  // namespace

absl::Status CheckNeighborLists(const std::vector<NeighborList>& neighbors, std::size_t n_listed,
                                ListsOf lists_of) {
  if (n_listed > std::numeric_limits<std::uint32_t>::max()) {
    return InvalidArgument("{} points, at most 2^32 - 1", n_listed);
  }
  for (std::size_t i = 0; i < neighbors.size(); ++i) {
    PECULIAR_RETURN_IF_ERROR(CheckList(neighbors[i], i, n_listed, lists_of));
  }
  return absl::OkStatus();
}

SparseGraph BuildFuzzyGraph(const std::vector<NeighborList>& neighbors,
                            const NeighborScales& scales) {
  SparseGraph graph;
  for (std::vector<Edge>& row : EdgesByRow(neighbors, scales)) {
    std::sort(row.begin(), row.end(),
              [](const Edge& a, const Edge& b) { return a.column < b.column; });
    for (std::size_t e = 0; e < row.size(); ++e) {
      Edge edge = row[e];
      if (e + 1 < row.size() && row[e + 1].column == edge.column) {  // neighbours of each other
        ++e;
        edge.there += row[e].there;
        edge.back += row[e].back;
      }
      // The same expression at both ends, so that the matrix is symmetric to the last bit.
      const double low = std::min(edge.there, edge.back);
      const double high = std::max(edge.there, edge.back);
      const auto weight = static_cast<float>(low + high - low * high);
      if (weight == 0) continue;
      graph.column.push_back(edge.column);
      graph.weight.push_back(weight);
    }
    graph.begin.push_back(graph.column.size());
  }
  return graph;
}

std::vector<std::uint32_t> ConnectedComponents(const SparseGraph& graph) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> component(graph.n_rows(), kNone);
  std::vector<std::size_t> waiting;
  std::uint32_t count = 0;
  for (std::size_t first = 0; first < graph.n_rows(); ++first) {
    if (component[first] != kNone) continue;
    component[first] = count;
    waiting.push_back(first);
    while (!waiting.empty()) {
      const std::size_t row = waiting.back();
      waiting.pop_back();
      for (std::size_t e = graph.begin[row]; e < graph.begin[row + 1]; ++e) {
        if (component[graph.column[e]] != kNone) continue;
        component[graph.column[e]] = count;
        waiting.push_back(graph.column[e]);
      }
    }
    ++count;
  }
  return component;
}

}  // namespace peculiar
