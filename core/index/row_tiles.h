// Internal to the room: a copy of the rows of a matrix, laid out so that the squared distances of
// several queries to many rows are summed side by side, with the widest vector instructions that
// the CPU has, chosen when the program runs. As with squared_distances.h the last bits depend on
// them, and no result of a search does. Safe for concurrent use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/embedding/matrix.h"

namespace peculiar {

// Rows that lie within a limit of one query, rising, with their squared distances in float.
struct RowsWithin {
  static constexpr std::size_t kMost = 1024;
  std::size_t count = 0;
  std::array<std::uint32_t, kMost> rows;
  std::array<float, kMost> squared;
};

class RowTiles {
 public:
  static constexpr std::size_t kTileRows = 32;
  static constexpr std::size_t kTilesAtOnce = RowsWithin::kMost / kTileRows;
  static constexpr std::size_t kQueriesAtOnce = 4;

  explicit RowTiles(Matrix vectors);

  std::size_t count() const { return count_; }

  // Rows of the tiles first to last - 1, at most kTilesAtOnce, whose squared distance to a query is
  // at most its limit. queries: of the matrix's width. What found held is gone.
  void Find(const std::array<const float*, kQueriesAtOnce>& queries,
            const std::array<float, kQueriesAtOnce>& limits, std::size_t first, std::size_t last,
            std::array<RowsWithin, kQueriesAtOnce>& found) const;

 private:
  std::size_t width_;
  std::size_t count_;
  std::vector<float> values_;  // [tile][coordinate][row of the tile], padded with NaN
};

}  // namespace peculiar
