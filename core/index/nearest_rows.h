// Internal to the room: the nearest rows to one query by a scan of all rows, or of some. One
// thread; pure.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"
#include "core/embedding/row_set.h"

namespace peculiar {

inline constexpr std::size_t kNoRow = std::numeric_limits<std::size_t>::max();

// At most k, nearest first, ties by row, without `skipped`; distances and order are those of
// distance.h. among: only these rows, as many as vectors has; null: all. Finite values, k >= 1.
// O(rows * width), memory for k.
NeighborList NearestRows(Matrix vectors, std::span<const float> query, std::size_t k,
                         std::size_t skipped = kNoRow, const RowSet* among = nullptr);

}  // namespace peculiar
