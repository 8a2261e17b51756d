#include "core/projection/quality.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/parallel.h"
#include "core/projection/finite_rows.h"
#include "core/projection/fuzzy_graph.h"

namespace peculiar {
namespace {

constexpr std::size_t kPiece = 16;  // points a piece of work
constexpr std::size_t kAllMeasured = 10'000, kLeastMeasured = 1'000;

absl::Status CheckLists(std::span<const std::size_t> rows, const std::vector<NeighborList>& lists,
                        std::size_t n, int k) {
  if (k < 1) return InvalidArgument("k is {}, expected at least 1", k);
  if (n < 2) return InvalidArgument("{} points, expected at least 2", n);
  if (rows.empty() || lists.size() != rows.size()) {
    return InvalidArgument("{} lists of {} points", lists.size(), rows.size());
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= n) return InvalidArgument("point {} of {} points", rows[i], n);
    if (lists[i].size() < static_cast<std::size_t>(k)) {
      return InvalidArgument("point {} has {} neighbours, expected at least {}", rows[i],
                             lists[i].size(), k);
    }
    for (const Neighbor& neighbor : lists[i]) {
      if (neighbor.row == rows[i]) return InvalidArgument("point {} is in its list", rows[i]);
    }
  }
  return CheckNeighborLists(lists, n, ListsOf::kNewPoints);
}

// In four sums, which the compiler can hold in registers side by side.
double SquaredDistance(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kSums = 4;
  std::array<double, kSums> sums{};
  std::size_t j = 0;
  for (; j + kSums <= a.size(); j += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) {
      const double difference = double{a[j + k]} - double{b[j + k]};
      sums[k] += difference * difference;
    }
  }
  for (; j < a.size(); ++j) {
    const double difference = double{a[j]} - double{b[j]};
    sums[0] += difference * difference;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// By how much the listed neighbours of a point are beyond the k nearest of `space`.
double ExcessOfRanks(Matrix space, std::size_t i, std::span<const Neighbor> listed,
                     std::vector<double>& distances) {
  for (std::size_t j = 0; j < space.rows; ++j) {
    distances[j] = SquaredDistance(space.row(i), space.row(j));
  }
  distances[i] = -1;  // rank 0, also among duplicates
  std::size_t excess = 0;
  for (const Neighbor& neighbor : listed) {
    const double distance = distances[neighbor.row];
    std::size_t rank = 0;
    for (std::size_t j = 0; j < neighbor.row; ++j) rank += distances[j] <= distance;
    for (std::size_t j = neighbor.row + 1; j < space.rows; ++j) rank += distances[j] < distance;
    excess += rank > listed.size() ? rank - listed.size() : 0;
  }
  return static_cast<double>(excess);
}

absl::StatusOr<double> KeptRanks(Matrix space, std::span<const std::size_t> rows,
                                 const std::vector<NeighborList>& lists, int k, int threads) {
  PECULIAR_RETURN_IF_ERROR(CheckFiniteRows(space, "ranks"));
  const std::size_t n = space.rows;
  PECULIAR_RETURN_IF_ERROR(CheckLists(rows, lists, n, k));
  const auto length = static_cast<std::size_t>(k);
  if (2 * length >= n) return InvalidArgument("k is {}, expected less than half of {}", k, n);
  std::vector<double> excess(rows.size());
  const std::size_t pieces = (rows.size() + kPiece - 1) / kPiece;
  PECULIAR_RETURN_IF_ERROR(ParallelFor(pieces, threads, [&](std::size_t piece) {
    std::vector<double> distances(n);
    for (std::size_t i = piece * kPiece; i < std::min(rows.size(), (piece + 1) * kPiece); ++i) {
      excess[i] = ExcessOfRanks(space, rows[i], std::span(lists[i]).first(length), distances);
    }
    return absl::OkStatus();
  }));
  double total = 0;
  for (const double value : excess) total += value;  // whole numbers: exact in any order
  const auto points = static_cast<double>(n), measured = static_cast<double>(rows.size());
  return 1 - 2 * total / (measured * k * (2 * points - 3 * k - 1));
}

}  // namespace

std::vector<std::size_t> MeasuredRows(std::size_t n) {
  const std::size_t measured =
      n <= kAllMeasured ? n : std::max(kLeastMeasured, kAllMeasured * kAllMeasured / n);
  std::vector<std::size_t> rows(measured);
  for (std::size_t i = 0; i < measured; ++i) rows[i] = i * n / measured;
  return rows;
}

absl::StatusOr<double> Trustworthiness(Matrix original, std::span<const std::size_t> rows,
                                       const std::vector<NeighborList>& projected_neighbors, int k,
                                       int threads) {
  return KeptRanks(original, rows, projected_neighbors, k, threads);
}

absl::StatusOr<double> Continuity(Matrix projection, std::span<const std::size_t> rows,
                                  const std::vector<NeighborList>& original_neighbors, int k,
                                  int threads) {
  return KeptRanks(projection, rows, original_neighbors, k, threads);
}

}  // namespace peculiar
