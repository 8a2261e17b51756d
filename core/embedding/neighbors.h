// Lists of nearest neighbours, as an index finds them and the catalogue serves them.
// Plain values; ids are rows, so that no catalogue is needed to make one.
#pragma once

#include <cstddef>
#include <vector>

namespace peculiar {

struct Neighbor {
  std::size_t row = 0;  // row of the neighbour in the indexed matrix
  double distance = 0;  // Euclidean, >= 0
  bool operator==(const Neighbor&) const = default;
};

// Nearest first; equal distances by row.
using NeighborList = std::vector<Neighbor>;

}  // namespace peculiar
