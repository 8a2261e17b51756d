// The nearest neighbours of every row of a matrix, for many rows at once: the same lists as
// VectorIndex::SearchRow, several times faster. What publish uses to write neighbours down. Borrows
// the matrix and keeps a copy of it, laid out for the scan. Safe for concurrent use.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"
#include "core/index/row_tiles.h"

namespace peculiar {

class NeighborScan {
 public:
  // vectors: at least 1 x 1; borrowed. INVALID_ARGUMENT when empty or when a value is not finite,
  // naming its row.
  static absl::StatusOr<NeighborScan> Create(Matrix vectors);

  std::size_t size() const { return vectors_.rows; }
  // Length of every list: min(k, size() - 1).
  std::size_t list_size(std::size_t k) const { return k < size() ? k : size() - 1; }

  // Neighbours of rows begin to end - 1, one list after the other, each list_size(k) long: nearest
  // first, the row itself left out (but not its duplicates), ties by row. Distances are those of
  // distance.h, and the order is that of a full scan with them, on any number of threads (0 = all
  // cores). O((end - begin) * size() * width). INVALID_ARGUMENT if k < 1 or the rows are not there.
  absl::StatusOr<std::vector<Neighbor>> Lists(std::size_t begin, std::size_t end, std::size_t k,
                                              int threads) const;

 private:
  explicit NeighborScan(Matrix vectors) : vectors_(vectors), tiles_(vectors) {}

  Matrix vectors_;
  RowTiles tiles_;
};

// The list of every row on its own.
absl::StatusOr<std::vector<NeighborList>> NearestOfAll(Matrix vectors, std::size_t k, int threads);

// The lists of some rows, rising, each once: for few rows of many.
absl::StatusOr<std::vector<NeighborList>> NearestOfRows(Matrix vectors,
                                                        std::span<const std::size_t> rows,
                                                        std::size_t k, int threads);

}  // namespace peculiar
