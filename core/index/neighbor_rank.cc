#include "core/index/neighbor_rank.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/base/parallel.h"
#include "core/embedding/distance.h"
#include "core/index/rounding.h"
#include "core/index/squared_distances.h"

namespace peculiar {
namespace {

constexpr std::size_t kPieceQuestions = 16;  // answered in one pass over the vectors
constexpr std::size_t kBlockRows = 256;      // of vectors, which stay cached meanwhile

// Counts, for one question, the rows that come before each of its others: in float where rounding
// cannot matter.
class Ranking {
 public:
  Ranking(Matrix vectors, const RankQuestion& question) : vectors_(vectors), row_(question.row) {
    const DistanceRounding rounding(vectors.width);
    const auto of = vectors.row(row_);
    for (const std::size_t other : question.others) {
      const auto at = vectors.row(other);
      float squared = 0;
      SquaredDistances(of, vectors, other, std::span(&squared, 1));
      limits_.push_back({rounding.SurelyNearer(squared), rounding.SurelyFurther(squared),
                         Distance(at, of), other});
    }
  }

  // Rows first to end - 1, at most kBlockRows.
  void Add(std::size_t first, std::size_t end) {
    std::array<float, kBlockRows> squared;
    const auto block = std::span(squared).first(end - first);
    SquaredDistances(vectors_.row(row_), vectors_, first, block);
    if (row_ >= first && row_ < end) block[row_ - first] = kNowhere;
    for (Limit& limit : limits_) AddTo(limit, first, block);
  }

  std::vector<int> ranks() const {
    std::vector<int> ranks;
    for (const Limit& limit : limits_) ranks.push_back(limit.rank);
    return ranks;
  }

 private:
  struct Limit {
    float surely_nearer, surely_further;  // squared; between them the double distances decide
    double distance;
    std::size_t other;
    int rank = 1;
  };

  void AddTo(Limit& limit, std::size_t first, std::span<const float> squared) const {
    int nearer = 0, perhaps = 0;
    for (const float value : squared) {
      nearer += value < limit.surely_nearer ? 1 : 0;
      perhaps += value <= limit.surely_further ? 1 : 0;
    }
    limit.rank += nearer;
    if (perhaps == nearer) return;
    for (std::size_t i = 0; i < squared.size(); ++i) {
      if (!(squared[i] >= limit.surely_nearer && squared[i] <= limit.surely_further)) continue;
      const double distance = Distance(vectors_.row(first + i), vectors_.row(row_));
      limit.rank += std::pair(distance, first + i) < std::pair(limit.distance, limit.other);
    }
  }

  // No comparison with it holds.
  static constexpr float kNowhere = std::numeric_limits<float>::quiet_NaN();

  Matrix vectors_;
  std::size_t row_;
  std::vector<Limit> limits_;
};

absl::Status Check(Matrix vectors, const RankQuestion& question) {
  const auto& others = question.others;
  const auto wrong = std::find_if(others.begin(), others.end(), [&](std::size_t other) {
    return other >= vectors.rows || other == question.row;
  });
  if (question.row < vectors.rows && wrong == others.end()) return absl::OkStatus();
  return InvalidArgument("place of row {} among the neighbours of row {}, of {} rows",
                         wrong == others.end() ? question.row : *wrong, question.row, vectors.rows);
}

}  // namespace

absl::StatusOr<std::vector<std::vector<int>>> NeighborRanks(Matrix vectors,
                                                            std::span<const RankQuestion> questions,
                                                            int threads) {
  for (const RankQuestion& question : questions) {
    PECULIAR_RETURN_IF_ERROR(Check(vectors, question));
  }
  std::vector<std::vector<int>> ranks(questions.size());
  const std::size_t pieces = (questions.size() + kPieceQuestions - 1) / kPieceQuestions;
  const auto run = [&](std::size_t piece) {
    const std::size_t begin = piece * kPieceQuestions;
    const std::size_t end = std::min(questions.size(), begin + kPieceQuestions);
    std::vector<Ranking> rankings;
    for (std::size_t i = begin; i < end; ++i) rankings.emplace_back(vectors, questions[i]);
    for (std::size_t row = 0; row < vectors.rows; row += kBlockRows) {
      for (Ranking& ranking : rankings) ranking.Add(row, std::min(vectors.rows, row + kBlockRows));
    }
    for (std::size_t i = begin; i < end; ++i) ranks[i] = rankings[i - begin].ranks();
    return absl::OkStatus();
  };
  PECULIAR_RETURN_IF_ERROR(ParallelFor(pieces, threads, run));
  return ranks;
}

}  // namespace peculiar
