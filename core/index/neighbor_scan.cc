#include "core/index/neighbor_scan.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "core/base/parallel.h"
#include "core/index/candidates.h"
#include "core/index/nearest_rows.h"
#include "core/index/row_tiles.h"

namespace peculiar {
namespace {

constexpr std::size_t kQueries = RowTiles::kQueriesAtOnce;
constexpr std::size_t kPieceQueries = 64;      // of one thread's piece of work
constexpr std::size_t kChunkBytes = 1u << 17;  // of tiles, which stay cached while a piece scans

// One thread's piece: some rows as queries against all.
class Piece {
 public:
  Piece(Matrix vectors, const RowTiles& tiles, std::size_t begin, std::size_t end, std::size_t k)
      : vectors_(vectors), tiles_(tiles), begin_(begin), end_(end) {
    candidates_.reserve(end - begin);
    for (std::size_t row = begin; row < end; ++row) {
      candidates_.emplace_back(vectors, vectors.row(row), k, row);
    }
  }

  // Tiles must come in rising order.
  void Scan(std::size_t first_tile, std::size_t last_tile) {
    for (std::size_t first = begin_; first < end_; first += kQueries) {
      std::array<const float*, kQueries> queries;
      std::array<float, kQueries> limits;
      for (std::size_t q = 0; q < kQueries; ++q) {
        const std::size_t row = std::min(first + q, end_ - 1);
        queries[q] = vectors_.row(row).data();
        limits[q] = candidates_[row - begin_].limit();
      }
      tiles_.Find(queries, limits, first_tile, last_tile, found_);
      for (std::size_t q = 0; q < std::min(kQueries, end_ - first); ++q) {
        Candidates& nearest = candidates_[first + q - begin_];
        for (std::size_t i = 0; i < found_[q].count; ++i) {
          nearest.Add(found_[q].rows[i], found_[q].squared[i]);
        }
      }
    }
  }

  // The list of each row, one after the other. Ends the piece.
  void Finish(std::span<Neighbor> lists) {
    for (Candidates& candidates : candidates_) {
      const NeighborList list = candidates.Finish();
      std::copy(list.begin(), list.end(), lists.begin());
      lists = lists.subspan(list.size());
    }
  }

 private:
  Matrix vectors_;
  const RowTiles& tiles_;
  std::size_t begin_, end_;
  std::vector<Candidates> candidates_;
  std::array<RowsWithin, kQueries> found_;
};

absl::Status CheckSearchable(Matrix vectors) {
  if (vectors.rows < 1 || vectors.width < 1 ||
      vectors.rows > std::numeric_limits<std::uint32_t>::max()) {
    return InvalidArgument("cannot search {} vectors of width {}", vectors.rows, vectors.width);
  }
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    const auto values = vectors.row(row);
    if (!IsFinite(values)) {
      return InvalidArgument("cannot search the vectors: row {} is not finite", row);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NeighborScan> NeighborScan::Create(Matrix vectors) {
  PECULIAR_RETURN_IF_ERROR(CheckSearchable(vectors));
  return NeighborScan(vectors);
}

absl::StatusOr<std::vector<Neighbor>> NeighborScan::Lists(std::size_t begin, std::size_t end,
                                                          std::size_t k, int threads) const {
  if (k < 1) return InvalidArgument("{} neighbours asked for, expected at least 1", k);
  if (begin > end || end > size()) {
    return InvalidArgument("rows {} to {} of {} vectors", begin, end, size());
  }
  const std::size_t length = list_size(k);
  std::vector<Neighbor> lists((end - begin) * length);
  if (length == 0) return lists;
  const std::size_t tile_bytes = RowTiles::kTileRows * vectors_.width * sizeof(float);
  const std::size_t chunk =
      std::clamp<std::size_t>(kChunkBytes / tile_bytes, 1, RowTiles::kTilesAtOnce);
  const std::size_t pieces = (end - begin + kPieceQueries - 1) / kPieceQueries;
  const auto run = [&](std::size_t i) {
    const std::size_t first = begin + i * kPieceQueries;
    const std::size_t last = std::min(end, first + kPieceQueries);
    Piece piece(vectors_, tiles_, first, last, length);
    for (std::size_t tile = 0; tile < tiles_.count(); tile += chunk) {
      piece.Scan(tile, std::min(tiles_.count(), tile + chunk));
    }
    piece.Finish(std::span(lists).subspan((first - begin) * length, (last - first) * length));
    return absl::OkStatus();
  };
  PECULIAR_RETURN_IF_ERROR(ParallelFor(pieces, threads, run));
  return lists;
}

absl::StatusOr<std::vector<NeighborList>> NearestOfAll(Matrix vectors, std::size_t k, int threads) {
  PECULIAR_ASSIGN_OR_RETURN(const NeighborScan scan, NeighborScan::Create(vectors));
  PECULIAR_ASSIGN_OR_RETURN(const auto flat, scan.Lists(0, vectors.rows, k, threads));
  const auto length = static_cast<std::ptrdiff_t>(scan.list_size(k));
  std::vector<NeighborList> lists;
  lists.reserve(vectors.rows);
  for (auto list = flat.begin(); lists.size() < vectors.rows; list += length) {
    lists.emplace_back(list, list + length);
  }
  return lists;
}

absl::StatusOr<std::vector<NeighborList>> NearestOfRows(Matrix vectors,
                                                        std::span<const std::size_t> rows,
                                                        std::size_t k, int threads) {
  if (rows.size() == vectors.rows) return NearestOfAll(vectors, k, threads);
  PECULIAR_RETURN_IF_ERROR(CheckSearchable(vectors));
  std::vector<NeighborList> lists(rows.size());
  PECULIAR_RETURN_IF_ERROR(ParallelFor(rows.size(), threads, [&](std::size_t i) -> absl::Status {
    if (k < 1 || rows[i] >= vectors.rows) {
      return InvalidArgument("{} neighbours of row {} of {} vectors", k, rows[i], vectors.rows);
    }
    lists[i] = NearestRows(vectors, vectors.row(rows[i]), k, rows[i]);
    return absl::OkStatus();
  }));
  return lists;
}

}  // namespace peculiar
