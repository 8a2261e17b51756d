#include "core/snapshot/repeat_check.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/embedding/distance.h"
#include "core/index/neighbor_rank.h"

namespace peculiar {
namespace {

constexpr std::uint64_t kSeed = 20261125;      // of the sampled pairs
constexpr std::size_t kPieceRows = 32;         // of one thread's piece of all pairs
constexpr std::size_t kPieceDraws = 1u << 15;  // of one thread's piece of the sample

// Rows of each mangaid, rising; in order of the mangaids.
std::map<std::string_view, std::vector<std::size_t>> RowsByMangaid(
    std::span<const CatalogGalaxy> galaxies) {
  std::map<std::string_view, std::vector<std::size_t>> rows;
  for (std::size_t row = 0; row < galaxies.size(); ++row) {
    if (!galaxies[row].mangaid.empty()) rows[galaxies[row].mangaid].push_back(row);
  }
  return rows;
}

// A number for each galaxy: observations of one have the same.
std::vector<std::size_t> GalaxyNumbers(std::span<const CatalogGalaxy> galaxies) {
  std::vector<std::size_t> numbers(galaxies.size());
  for (std::size_t row = 0; row < numbers.size(); ++row) numbers[row] = row;
  for (const auto& [mangaid, rows] : RowsByMangaid(galaxies)) {
    for (const std::size_t row : rows) numbers[row] = rows.front();
  }
  return numbers;
}

// How many distances are below, and how many equal to, each of some limits.
class DistanceCounts {
 public:
  explicit DistanceCounts(std::vector<double> limits) : limits_(std::move(limits)) {
    std::sort(limits_.begin(), limits_.end());
    limits_.erase(std::unique(limits_.begin(), limits_.end()), limits_.end());
    below_.assign(limits_.size(), 0);
    equal_.assign(limits_.size(), 0);
  }

  void Add(double distance) {
    ++total_;
    if (distance > limits_.back()) return;
    const auto found = std::lower_bound(limits_.begin(), limits_.end(), distance);
    const auto place = static_cast<std::size_t>(found - limits_.begin());
    ++(*found == distance ? equal_ : below_)[place];
  }

  void Add(const DistanceCounts& other) {
    total_ += other.total_;
    for (std::size_t i = 0; i < limits_.size(); ++i) {
      below_[i] += other.below_[i];
      equal_[i] += other.equal_[i];
    }
  }

  // Of each limit, in rising order; empty when no distance was added.
  std::map<double, double> Percentiles() const {
    std::map<double, double> percentiles;
    if (total_ == 0) return percentiles;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < limits_.size(); ++i) {
      below += below_[i];
      const double smaller = static_cast<double>(below) + 0.5 * static_cast<double>(equal_[i]);
      percentiles.emplace_hint(percentiles.end(), limits_[i],
                               100 * smaller / static_cast<double>(total_));
      below += equal_[i];
    }
    return percentiles;
  }

 private:
  std::vector<double> limits_;  // rising
  // Distances in the gap before the limit, and those equal to it.
  std::vector<std::uint64_t> below_, equal_;
  std::uint64_t total_ = 0;
};

// Counts the distances of different galaxies: all, or a sample.
absl::Status CountDistances(Matrix coordinates, std::span<const std::size_t> numbers,
                            const RepeatCheckOptions& options, DistanceCounts& counts) {
  const std::size_t n = coordinates.rows;
  const bool exact = n <= options.exact_galaxies;
  const std::size_t work = exact ? n : options.sampled_pairs;
  const std::size_t piece = exact ? kPieceRows : kPieceDraws;
  const DistanceCounts empty = counts;
  std::mutex mutex;
  return ParallelFor((work + piece - 1) / piece, options.threads, [&](std::size_t i) {
    DistanceCounts found = empty;
    const auto add = [&](std::size_t a, std::size_t b) {
      if (numbers[a] != numbers[b]) found.Add(Distance(coordinates.row(a), coordinates.row(b)));
    };
    const std::size_t end = std::min(work, (i + 1) * piece);
    Random random(kSeed, {n, i});
    for (std::size_t one = i * piece; one < end; ++one) {
      if (exact) {
        for (std::size_t other = one + 1; other < n; ++other) add(one, other);
      } else {
        const std::size_t a = random.Below(n);
        add(a, random.Below(n));
      }
    }
    const std::lock_guard lock(mutex);
    counts.Add(found);
    return absl::OkStatus();
  });
}

// Ranks each observation of the pairs among the neighbours of the other.
absl::Status RankPairs(Matrix coordinates, std::span<const CatalogRepeatPair> pairs, int threads,
                       std::vector<RepeatPlace>& places) {
  std::map<std::size_t, RankQuestion> questions;
  std::map<std::size_t, std::vector<int*>> answers;
  const auto ask = [&](std::size_t row, std::size_t other, int& rank) {
    questions[row].row = row;
    questions[row].others.push_back(other);
    answers[row].push_back(&rank);
  };
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    ask(pairs[i].first, pairs[i].second, places[i].rank_from_first);
    ask(pairs[i].second, pairs[i].first, places[i].rank_from_second);
  }
  std::vector<RankQuestion> asked;
  for (auto& [row, question] : questions) asked.push_back(std::move(question));
  PECULIAR_ASSIGN_OR_RETURN(const auto ranks, NeighborRanks(coordinates, asked, threads));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const std::vector<int*>& to = answers[asked[i].row];
    for (std::size_t j = 0; j < to.size(); ++j) *to[j] = ranks[i][j];
  }
  return absl::OkStatus();
}

std::optional<double> Difference(const CatalogScore& first, const CatalogScore& second) {
  if (!first.value.has_value() || !second.value.has_value()) return std::nullopt;
  return *second.value - *first.value;
}

}  // namespace

std::vector<CatalogRepeatPair> FindRepeatPairs(std::span<const CatalogGalaxy> galaxies,
                                               const RepeatCheckOptions& options) {
  std::vector<CatalogRepeatPair> pairs;
  for (const auto& [mangaid, rows] : RowsByMangaid(galaxies)) {
    const std::size_t compared = std::min(rows.size(), options.max_observations);
    for (std::size_t i = 0; i < compared; ++i) {
      for (std::size_t j = i + 1; j < compared; ++j) {
        pairs.push_back({.first = rows[i], .second = rows[j]});
      }
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second) < std::tie(b.first, b.second);
  });
  return pairs;
}

absl::StatusOr<std::vector<RepeatPlace>> PlaceRepeats(Matrix coordinates,
                                                      std::span<const CatalogGalaxy> galaxies,
                                                      std::span<const CatalogRepeatPair> pairs,
                                                      const RepeatCheckOptions& options) {
  std::vector<RepeatPlace> places(pairs.size());
  if (pairs.empty()) return places;
  std::vector<double> distances;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    places[i].distance =
        Distance(coordinates.row(pairs[i].first), coordinates.row(pairs[i].second));
    distances.push_back(places[i].distance);
  }
  DistanceCounts counts(std::move(distances));
  PECULIAR_RETURN_IF_ERROR(CountDistances(coordinates, GalaxyNumbers(galaxies), options, counts));
  const std::map<double, double> percentiles = counts.Percentiles();
  for (RepeatPlace& place : places) {
    if (!percentiles.empty()) place.percentile = percentiles.at(place.distance);
  }
  PECULIAR_RETURN_IF_ERROR(RankPairs(coordinates, pairs, options.threads, places));
  return places;
}

absl::StatusOr<std::vector<CatalogRepeatPair>> CheckRepeats(const SnapshotContent& content,
                                                            const RepeatCheckOptions& options) {
  const CatalogContent& catalog = content.catalog;
  std::vector<CatalogRepeatPair> pairs = FindRepeatPairs(catalog.galaxies, options);
  for (std::size_t model = 0; model < content.models.size(); ++model) {
    for (CatalogRepeatPair& pair : pairs) {
      const GalaxyScores& first = catalog.scores[model][pair.first];
      const GalaxyScores& second = catalog.scores[model][pair.second];
      pair.models.push_back({Difference(first.mae, second.mae),
                             Difference(first.chi, second.chi),
                             Difference(first.relative, second.relative),
                             {}});
    }
    const SnapshotModelContent& arrays = content.models[model];
    std::vector<Matrix> spaces = {arrays.embeddings};
    for (const SpaceContent& space : arrays.spaces) spaces.push_back(space.coordinates);
    for (const Matrix coordinates : spaces) {
      PECULIAR_ASSIGN_OR_RETURN(const std::vector<RepeatPlace> places,
                                PlaceRepeats(coordinates, catalog.galaxies, pairs, options));
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i].models[model].places.push_back(places[i]);
      }
    }
  }
  return pairs;
}

}  // namespace peculiar
