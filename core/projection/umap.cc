#include "core/projection/umap.h"

#include <algorithm>

#include "core/projection/fuzzy_graph.h"
#include "core/projection/layout.h"
#include "core/projection/smooth_knn.h"
#include "core/projection/start.h"

namespace peculiar {
namespace {

constexpr std::size_t kSmallSet = 10000;  // points that get the longer descent
constexpr int kEpochsOfSmall = 500;
constexpr int kEpochsOfLarge = 200;

absl::Status CheckOptions(const UmapOptions& options) {
  if (options.n_neighbors < 2) {
    return InvalidArgument("UMAP: n_neighbors is {}, expected at least 2", options.n_neighbors);
  }
  if (options.n_components < 1 || options.n_components > kMostComponents) {
    return InvalidArgument("UMAP: n_components is {}, expected 1 to {}", options.n_components,
                           kMostComponents);
  }
  if (options.n_epochs < 0) {
    return InvalidArgument("UMAP: n_epochs is {}, expected at least 0", options.n_epochs);
  }
  if (options.negative_sample_rate < 0) {
    return InvalidArgument("UMAP: negative_sample_rate is {}, expected at least 0",
                           options.negative_sample_rate);
  }
  return absl::OkStatus();
}

std::vector<NeighborList> Shorten(const std::vector<NeighborList>& neighbors, int length) {
  std::vector<NeighborList> lists;
  for (const NeighborList& list : neighbors) {
    const auto kept = std::min(list.size(), static_cast<std::size_t>(length));
    lists.emplace_back(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(kept));
  }
  return lists;
}

LayoutOptions LayoutOf(const UmapModel& model, int threads) {
  return {model.options.n_epochs, model.options.negative_sample_rate, model.curve,
          model.options.seed, threads};
}

// A row for each new point: its memberships, by falling weight.
SparseGraph MembershipsOfNew(const std::vector<NeighborList>& neighbors) {
  const NeighborScales scales = SmoothNewDistances(neighbors);
  SparseGraph graph;
  for (std::size_t i = 0; i < neighbors.size(); ++i) {
    for (const Neighbor& neighbor : neighbors[i]) {
      const double weight = Membership(neighbor.distance, scales.rho[i], scales.sigma[i]);
      if (static_cast<float>(weight) == 0) continue;
      graph.column.push_back(static_cast<std::uint32_t>(neighbor.row));
      graph.weight.push_back(static_cast<float>(weight));
    }
    graph.begin.push_back(graph.column.size());
  }
  return graph;
}

Coordinates WeightedMeans(const SparseGraph& graph, Matrix fitted) {
  Coordinates means{std::vector<float>(graph.n_rows() * fitted.width), graph.n_rows(),
                    fitted.width};
  for (std::size_t i = 0; i < graph.n_rows(); ++i) {
    const std::size_t begin = graph.begin[i];
    // A point on top of a fitted one starts there.
    const std::size_t end = graph.weight[begin] == 1 ? begin + 1 : graph.begin[i + 1];
    double total = 0;
    for (std::size_t e = begin; e < end; ++e) total += graph.weight[e];
    for (std::size_t c = 0; c < fitted.width; ++c) {
      double sum = 0;
      for (std::size_t e = begin; e < end; ++e) {
        sum += double{graph.weight[e]} * fitted.row(graph.column[e])[c];
      }
      means.values[i * fitted.width + c] = static_cast<float>(sum / total);
    }
  }
  return means;
}

}  // namespace

absl::StatusOr<UmapModel> FitUmap(Matrix points, const std::vector<NeighborList>& neighbors,
                                  const UmapOptions& options, int threads) {
  PECULIAR_RETURN_IF_ERROR(CheckOptions(options));
  PECULIAR_RETURN_IF_ERROR(CheckFiniteRows(points, "UMAP"));
  if (points.rows < 2) return InvalidArgument("UMAP: 1 point, expected at least 2");
  if (neighbors.size() != points.rows) {
    return InvalidArgument("UMAP: {} neighbour lists for {} points", neighbors.size(), points.rows);
  }
  const std::vector<NeighborList> lists = Shorten(neighbors, options.n_neighbors - 1);
  if (const absl::Status status = CheckNeighborLists(lists, points.rows, ListsOf::kTheSamePoints);
      !status.ok()) {
    return Annotate(status, "UMAP");
  }
  UmapModel model{options};
  if (model.options.n_epochs == 0) {
    model.options.n_epochs = points.rows <= kSmallSet ? kEpochsOfSmall : kEpochsOfLarge;
  }
  PECULIAR_ASSIGN_OR_RETURN(model.curve, FitSimilarityCurve(options.min_dist, options.spread));
  const SparseGraph graph = BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
  PECULIAR_ASSIGN_OR_RETURN(Start start,
                            StartLayout(points, graph, options.n_components, options.seed));
  model.coordinates = {std::move(start.coordinates), points.rows,
                       static_cast<std::size_t>(options.n_components)};
  PECULIAR_RETURN_IF_ERROR(OptimizeLayout(graph, LayoutOf(model, threads), model.coordinates.width,
                                          model.coordinates.values));
  return model;
}

absl::StatusOr<Coordinates> PlaceUmap(const UmapModel& model,
                                      const std::vector<NeighborList>& neighbors, int threads) {
  const Matrix fitted = model.coordinates.matrix();
  PECULIAR_RETURN_IF_ERROR(CheckOptions(model.options));
  PECULIAR_RETURN_IF_ERROR(CheckFiniteRows(fitted, "UMAP's fitted coordinates"));
  if (fitted.rows * fitted.width != model.coordinates.values.size() ||
      fitted.width != static_cast<std::size_t>(model.options.n_components)) {
    return InvalidArgument("UMAP: the model has {} coordinates of {} points of {} components",
                           model.coordinates.values.size(), fitted.rows,
                           model.options.n_components);
  }
  if (neighbors.empty()) return InvalidArgument("UMAP: no new points");
  const std::vector<NeighborList> lists = Shorten(neighbors, model.options.n_neighbors);
  if (const absl::Status status = CheckNeighborLists(lists, fitted.rows, ListsOf::kNewPoints);
      !status.ok()) {
    return Annotate(status, "UMAP");
  }
  const SparseGraph graph = MembershipsOfNew(lists);
  Coordinates placed = WeightedMeans(graph, fitted);
  LayoutOptions options = LayoutOf(model, threads);
  options.n_epochs = std::max(1, options.n_epochs / 3);
  PECULIAR_RETURN_IF_ERROR(PlaceLayout(graph, fitted, options, placed.values));
  return placed;
}

}  // namespace peculiar
