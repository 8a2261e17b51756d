// The places of chosen rows in the full list of neighbours of another: what VectorIndex::SearchRow
// would say with k of all rows, without making that list. Stateless; safe for concurrent use.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"

namespace peculiar {

struct RankQuestion {
  std::size_t row = 0;              // whose neighbours are ranked; itself left out
  std::vector<std::size_t> others;  // rows whose places are wanted, none of them `row`
};

// For each question the places of its others, from 1 = nearest: by the distance of distance.h, ties
// by row. vectors: finite. threads: 0 = all cores, no effect on the result. INVALID_ARGUMENT when a
// row is not there or is among its own others. O(questions * rows * (width + others)).
absl::StatusOr<std::vector<std::vector<int>>> NeighborRanks(Matrix vectors,
                                                            std::span<const RankQuestion> questions,
                                                            int threads);

}  // namespace peculiar
