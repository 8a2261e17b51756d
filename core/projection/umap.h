// UMAP: a projection to a few dimensions that keeps who is near whom: the space `umap`. Neighbour
// lists are received as data, so any index can make them; the steps are in files of their own. A
// fitted model is a plain value that can be stored; PlaceUmap is safe to call concurrently. Source:
// McInnes, Healy and Melville 2018 (arXiv 1802.03426); options are named as in umap-learn.
//
// The result depends on the points, the lists and the options, never on the number of threads.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"
#include "core/projection/curve_fit.h"
#include "core/projection/finite_rows.h"

namespace peculiar {

// There is no `metric`: it is that of the distances in the neighbour lists, here always Euclidean.
struct UmapOptions {
  int n_neighbors = 15;          // counting the point itself, >= 2; larger keeps larger structure
  int n_components = 3;          // of the projection, 1 to 8
  double min_dist = 0.1;         // of close points in the projection, in [0, spread]
  double spread = 1;             // scale of the projection, > 0
  int n_epochs = 0;              // 0: 500 up to 10,000 points, 200 beyond
  int negative_sample_rate = 5;  // random points that push at an edge's turn, >= 0
  std::uint64_t seed = 1;
};

struct UmapModel {
  UmapOptions options;  // as fitted: n_epochs is that used
  SimilarityCurve curve;
  Coordinates coordinates;  // n x n_components, of the points it was fitted to
};

// points: n x d, n >= 2, finite; only the start may look at them. neighbors: of each point its
// nearest other points, nearest first; of each list the first n_neighbors - 1 are used, or all
// where it is shorter (fewer points than n_neighbors is no error). Points that are all equal give
// finite coordinates without meaning. threads: 0 = all cores.
// INVALID_ARGUMENT: n < 2, a value that is not finite (naming its row), a wrong list (naming its
// point, see CheckNeighborLists) or number of lists, an option out of its range.
// 10,000 points x 50: see docs/benchmarks.md.
absl::StatusOr<UmapModel> FitUmap(Matrix points, const std::vector<NeighborList>& neighbors,
                                  const UmapOptions& options, int threads);

// Coordinates of m new points from their nearest fitted points (lists as for FitUmap, but the first
// n_neighbors are used): m x n_components. They start at the mean of these, weighted by membership
// (at the first where its membership is 1), and move for a third of the epochs while the fitted
// points stay. Where a point comes to lie does not depend on the others of the call.
// INVALID_ARGUMENT as FitUmap, also for a model that is not whole.
absl::StatusOr<Coordinates> PlaceUmap(const UmapModel& model,
                                      const std::vector<NeighborList>& neighbors, int threads);

}  // namespace peculiar
