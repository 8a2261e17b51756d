#include "core/index/neighbor_scan.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "core/base/parallel.h"
#include "core/index/candidates.h"

namespace peculiar {
namespace {

constexpr std::size_t kTileRows = kComparedAtOnce;  // rows whose distances are summed side by side
constexpr std::size_t kQueriesAtOnce = 4;      // and of this many queries: both fit the registers
constexpr std::size_t kPieceQueries = 64;      // of one thread's piece of work
constexpr std::size_t kChunkBytes = 1u << 17;  // tiles that a piece scans while they are cached

using Lanes [[gnu::vector_size(32)]] = float;  // halves of a tile; two SSE registers without AVX2
constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(float);
constexpr std::size_t kTileLanes = kTileRows / kLanes;

// Squared distances in float of kQueriesAtOnce queries to the rows of one tile.
struct TileDistances {
  float squared[kQueriesAtOnce][kTileRows];
};

// queries: kQueriesAtOnce pointers to `width` coordinates. tile: [coordinate][row].
[[gnu::always_inline]] inline void Measure(const float* const* queries, const float* tile,
                                           std::size_t width, TileDistances& out) {
  Lanes sums[kQueriesAtOnce][kTileLanes] = {};
  for (std::size_t i = 0; i < width; ++i) {
#pragma GCC unroll 2
    for (std::size_t half = 0; half < kTileLanes; ++half) {
      Lanes rows;
      std::memcpy(&rows, tile + i * kTileRows + half * kLanes, sizeof(rows));
#pragma GCC unroll 4
      for (std::size_t q = 0; q < kQueriesAtOnce; ++q) {
        const Lanes difference = rows - queries[q][i];
        sums[q][half] += difference * difference;
      }
    }
  }
#pragma GCC unroll 4
  for (std::size_t q = 0; q < kQueriesAtOnce; ++q) {
#pragma GCC unroll 2
    for (std::size_t half = 0; half < kTileLanes; ++half) {
      std::memcpy(&out.squared[q][half * kLanes], &sums[q][half], sizeof(Lanes));
    }
  }
}

// One thread's piece: some queries against all rows.
struct Piece {
  Matrix vectors;
  const float* tiles;
  std::size_t begin, end;  // rows that are the queries
  std::vector<Candidates> candidates;

  [[gnu::always_inline]] inline void ScanChunk(std::size_t first_tile, std::size_t last_tile) {
    const std::size_t width = vectors.width;
    for (std::size_t first = begin; first < end; first += kQueriesAtOnce) {
      const float* queries[kQueriesAtOnce];
      for (std::size_t q = 0; q < kQueriesAtOnce; ++q) {
        queries[q] = vectors.row(std::min(first + q, end - 1)).data();
      }
      const std::size_t count = std::min(kQueriesAtOnce, end - first);
      for (std::size_t tile = first_tile; tile < last_tile; ++tile) {
        TileDistances distances;
        Measure(queries, tiles + tile * width * kTileRows, width, distances);
        const std::size_t row = tile * kTileRows;
        const std::size_t rows = std::min(kTileRows, vectors.rows - row);
        for (std::size_t q = 0; q < count; ++q) {
          Candidates& nearest = candidates[first - begin + q];
          if (!AnyWithin(distances.squared[q], nearest.limit())) continue;
          for (std::size_t i = 0; i < rows; ++i) nearest.Add(row + i, distances.squared[q][i]);
        }
      }
    }
  }
};

void ScanPlain(Piece& piece, std::size_t first_tile, std::size_t last_tile) {
  piece.ScanChunk(first_tile, last_tile);
}

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void ScanAvx2(Piece& piece, std::size_t first_tile,
                                          std::size_t last_tile) {
  piece.ScanChunk(first_tile, last_tile);
}
#endif

using Scan = void (*)(Piece&, std::size_t, std::size_t);

// The limits allow for any rounding of a sum of squares, so which one runs is not seen in the
// lists.
Scan ChooseScan() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ScanAvx2;
#endif
  return ScanPlain;
}

std::size_t TileCount(std::size_t rows) { return (rows + kTileRows - 1) / kTileRows; }

}  // namespace

absl::StatusOr<NeighborScan> NeighborScan::Create(Matrix vectors) {
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
  return NeighborScan(vectors);
}

NeighborScan::NeighborScan(Matrix vectors)
    : vectors_(vectors), tiles_(TileCount(vectors.rows) * kTileRows * vectors.width) {
  for (std::size_t row = 0; row < vectors.rows; ++row) {
    float* tile = tiles_.data() + (row / kTileRows) * kTileRows * vectors.width;
    for (std::size_t i = 0; i < vectors.width; ++i) {
      tile[i * kTileRows + row % kTileRows] = vectors.row(row)[i];
    }
  }
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
  const Scan scan = ChooseScan();
  const std::size_t tiles = TileCount(size());
  const std::size_t chunk =
      std::max<std::size_t>(1, kChunkBytes / (kTileRows * vectors_.width * sizeof(float)));
  const std::size_t pieces = (end - begin + kPieceQueries - 1) / kPieceQueries;
  const auto run = [&](std::size_t i) {
    Piece piece{vectors_,
                tiles_.data(),
                begin + i * kPieceQueries,
                std::min(end, begin + (i + 1) * kPieceQueries),
                {}};
    piece.candidates.reserve(piece.end - piece.begin);
    for (std::size_t row = piece.begin; row < piece.end; ++row) {
      piece.candidates.emplace_back(vectors_, vectors_.row(row), length, row);
    }
    for (std::size_t tile = 0; tile < tiles; tile += chunk) {
      scan(piece, tile, std::min(tiles, tile + chunk));
    }
    for (std::size_t row = piece.begin; row < piece.end; ++row) {
      const NeighborList list = piece.candidates[row - piece.begin].Finish();
      std::copy(list.begin(), list.end(),
                lists.begin() + static_cast<std::ptrdiff_t>((row - begin) * length));
    }
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
  PECULIAR_ASSIGN_OR_RETURN(const NeighborScan scan, NeighborScan::Create(vectors));
  std::vector<NeighborList> lists(rows.size());
  PECULIAR_RETURN_IF_ERROR(ParallelFor(rows.size(), threads, [&](std::size_t i) {
    PECULIAR_ASSIGN_OR_RETURN(lists[i], scan.Lists(rows[i], rows[i] + 1, k, 1));
    return absl::OkStatus();
  }));
  return lists;
}

}  // namespace peculiar
