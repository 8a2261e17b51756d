#include "core/index/nearest_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "core/index/candidates.h"
#include "core/index/squared_distances.h"

namespace peculiar {
namespace {

constexpr std::size_t kBlockRows = 256;
constexpr std::size_t kBlockWords = kBlockRows / RowSet::kWordRows;
constexpr std::size_t kComparedAtOnce = 16;
// One row in so many is wanted: memory gives a whole block as fast as the rows picked from it.
constexpr std::size_t kDense = 3;
static_assert(kBlockRows % kComparedAtOnce == 0 && kBlockRows % RowSet::kWordRows == 0);

// Squared distances; those beyond a block's rows are of an earlier block, and only looked at.
using Block = std::array<float, kBlockRows>;

// Whether any of kComparedAtOnce squared distances is within the limit.
[[gnu::always_inline]] inline bool AnyWithin(const float* squared, float limit) {
  int within = 0;
  for (std::size_t i = 0; i < kComparedAtOnce; ++i) within |= squared[i] <= limit ? 1 : 0;
  return within != 0;
}

// row_of(i): the row of the i-th distance of the block, rising.
template <typename RowOf>
void Propose(const Block& squared, std::size_t count, const RowOf& row_of, Candidates& nearest) {
  for (std::size_t i = 0; i < count; i += kComparedAtOnce) {
    if (!AnyWithin(squared.data() + i, nearest.limit())) continue;
    for (std::size_t j = i; j < std::min(count, i + kComparedAtOnce); ++j) {
      nearest.Add(row_of(j), squared[j]);
    }
  }
}

// Rows of one block that are in the set, rising; returns how many.
std::size_t RowsIn(const RowSet& among, std::size_t first,
                   std::array<std::uint32_t, kBlockRows>& rows) {
  const auto words = among.words();
  std::size_t count = 0;
  const std::size_t end = std::min(words.size(), first / RowSet::kWordRows + kBlockWords);
  for (std::size_t i = first / RowSet::kWordRows; i < end; ++i) {
    for (std::uint64_t word = words[i]; word != 0; word &= word - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(word));
      rows[count++] = static_cast<std::uint32_t>(i * RowSet::kWordRows + bit);
    }
  }
  return count;
}

}  // namespace

NeighborList NearestRows(Matrix vectors, std::span<const float> query, std::size_t k,
                         std::size_t skipped, const RowSet* among) {
  Candidates nearest(vectors, query, std::min(k, vectors.rows), skipped);
  Block squared;
  squared.fill(std::numeric_limits<float>::infinity());
  std::array<std::uint32_t, kBlockRows> rows;
  for (std::size_t first = 0; first < vectors.rows; first += kBlockRows) {
    const std::size_t all = std::min(kBlockRows, vectors.rows - first);
    const std::size_t count = among == nullptr ? all : RowsIn(*among, first, rows);
    const auto target = std::span(squared).first(count);
    if (count == all) {  // the rows lie side by side
      SquaredDistances(query, vectors, first, target);
      Propose(
          squared, count, [&](std::size_t i) { return first + i; }, nearest);
    } else if (kDense * count >= all) {
      SquaredDistances(query, vectors, first, std::span(squared).first(all));
      for (std::size_t i = 0; i < count; ++i) squared[i] = squared[rows[i] - first];
      Propose(
          squared, count, [&](std::size_t i) { return std::size_t{rows[i]}; }, nearest);
    } else if (count > 0) {
      SquaredDistancesOf(query, vectors, std::span(rows).first(count), target);
      Propose(
          squared, count, [&](std::size_t i) { return std::size_t{rows[i]}; }, nearest);
    }
  }
  return nearest.Finish();
}

}  // namespace peculiar
