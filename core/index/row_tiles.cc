#include "core/index/row_tiles.h"

#include "core/index/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/index/row_tiles.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kQueries = RowTiles::kQueriesAtOnce;
constexpr std::size_t kTileRows = RowTiles::kTileRows;
// Vectors of rows side by side: with the queries as many sums as hide each other's latency, and as
// the registers hold.
constexpr std::size_t kVectors = 2;

using Tag = hn::CappedTag<float, kTileRows / kVectors>;

HWY_INLINE void Note(Tag d, hn::Vec<Tag> squared, float limit, std::size_t row, RowsWithin& found) {
  const auto within = hn::Le(squared, hn::Set(d, limit));
  if (HWY_LIKELY(hn::AllFalse(d, within))) return;
  HWY_ALIGN float values[kTileRows];
  hn::Store(squared, d, values);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    found.rows[found.count] = static_cast<std::uint32_t>(row + i);
    found.squared[found.count] = values[i];
    found.count += values[i] <= limit ? 1 : 0;
  }
}

// rows: the first of kVectors x lanes rows of a tile.
HWY_INLINE void Compare(Tag d, const float* const* HWY_RESTRICT queries,
                        const float* HWY_RESTRICT limits, const float* HWY_RESTRICT rows,
                        std::size_t width, std::size_t first_row, RowsWithin* HWY_RESTRICT found) {
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> sums[kQueries][kVectors];
  for (auto& of_query : sums) {
    for (auto& sum : of_query) sum = hn::Zero(d);
  }
  for (std::size_t i = 0; i < width; ++i) {
    hn::Vec<Tag> values[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      values[v] = hn::LoadU(d, rows + i * kTileRows + v * lanes);
    }
    for (std::size_t q = 0; q < kQueries; ++q) {
      const auto query = hn::Set(d, queries[q][i]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        const auto difference = hn::Sub(values[v], query);
        sums[q][v] = hn::MulAdd(difference, difference, sums[q][v]);
      }
    }
  }
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      Note(d, sums[q][v], limits[q], first_row + v * lanes, found[q]);
    }
  }
}

void FindInTiles(const float* const* queries, const float* limits, const float* tiles,
                 std::size_t width, std::size_t count, std::size_t first_row, RowsWithin* found) {
  const Tag d;
  for (std::size_t tile = 0; tile < count; ++tile) {
    for (std::size_t i = 0; i < kTileRows; i += kVectors * hn::Lanes(d)) {
      Compare(d, queries, limits, tiles + tile * width * kTileRows + i, width,
              first_row + tile * kTileRows + i, found);
    }
  }
}

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(FindInTiles);

RowTiles::RowTiles(Matrix vectors)
    : width_(vectors.width),
      count_((vectors.rows + kTileRows - 1) / kTileRows),
      // No comparison with NaN holds: the rows that pad the last tile are never found.
      values_(count_ * kTileRows * width_, std::numeric_limits<float>::quiet_NaN()) {
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    float* tile = values_.data() + (row / kTileRows) * kTileRows * width_;
    for (std::size_t i = 0; i < width_; ++i) {
      tile[i * kTileRows + row % kTileRows] = vectors.row(row)[i];
    }
  }
}

void RowTiles::Find(const std::array<const float*, kQueriesAtOnce>& queries,
                    const std::array<float, kQueriesAtOnce>& limits, std::size_t first,
                    std::size_t last, std::array<RowsWithin, kQueriesAtOnce>& found) const {
  for (RowsWithin& within : found) within.count = 0;
  HWY_DYNAMIC_DISPATCH(FindInTiles)
  (queries.data(), limits.data(), values_.data() + first * kTileRows * width_, width_, last - first,
   first * kTileRows, found.data());
}

}  // namespace peculiar
#endif  // HWY_ONCE
