// First step of UMAP: how far each point's neighbourhood reaches. Sparse and dense regions are made
// comparable by measuring each point's distances from its nearest neighbour on (rho), in units that
// give every point the same sum of memberships (sigma). Source: McInnes, Healy and Melville 2018
// (arXiv 1802.03426), section 4.1, algorithm 3. Stateless.
#pragma once

#include <vector>

#include "core/base/status.h"
#include "core/embedding/neighbors.h"

namespace peculiar {

struct NeighborScales {
  std::vector<double> rho;    // distance to the nearest neighbour that is not at distance 0; 0 when
                              // all are
  std::vector<double> sigma;  // > 0, but 0 where the mean distance is 0
};

// neighbors: of each point, itself left out, nearest first; any lengths >= 1. With k = length + 1
// (the point counts itself) sigma solves sum exp(-max(0, distance - rho) / sigma) = log2 k to 1e-5,
// by at most 64 bisections, and is at least 1e-3 of the point's mean distance over its k (of the
// mean over all points where rho is 0). O(64 n k).
NeighborScales SmoothNeighborDistances(const std::vector<NeighborList>& neighbors);

// The same for points that are not in the neighbours' set: k = length, rho = 0, and the nearest
// neighbour counts nothing in the sum. The least sigma is from the point's own mean distance
// (umap-learn: from the mean over all new points), so that a point's place is its own affair.
NeighborScales SmoothNewDistances(const std::vector<NeighborList>& neighbors);

// Membership of a neighbour at `distance`: exp(-max(0, distance - rho) / sigma), in [0, 1]; 1 when
// sigma is 0.
double Membership(double distance, double rho, double sigma);

}  // namespace peculiar
