#include "core/index/neighbor_rank.h"

#include <algorithm>
#include <utility>

#include "core/base/parallel.h"
#include "core/embedding/distance.h"
#include "core/index/rounding.h"

namespace peculiar {
namespace {

constexpr std::size_t kPieceQuestions = 16;    // answered in one pass over the vectors
constexpr std::size_t kChunkBytes = 1u << 15;  // of vectors, which stay cached meanwhile

// In eight sums, which the compiler can hold in registers side by side.
float SquaredDistance(const float* a, const float* b, std::size_t width) {
  constexpr std::size_t kSums = 8;
  float sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= width; i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) {
      const float difference = a[i + k] - b[i + k];
      sums[k] += difference * difference;
    }
  }
  for (; i < width; ++i) sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// Counts, for one question, the rows that come before each of its others: in float where rounding
// cannot matter.
class Ranking {
 public:
  Ranking(Matrix vectors, const RankQuestion& question) : vectors_(vectors), row_(question.row) {
    const DistanceRounding rounding(vectors.width);
    const auto of = vectors.row(row_);
    for (const std::size_t other : question.others) {
      const auto at = vectors.row(other);
      const float squared = SquaredDistance(at.data(), of.data(), vectors.width);
      limits_.push_back({rounding.SurelyNearer(squared), rounding.SurelyFurther(squared),
                         Distance(at, of), other});
    }
  }

  void Add(std::size_t begin, std::size_t end) {
    const float* const of = vectors_.row(row_).data();
    for (std::size_t row = begin; row < end; ++row) {
      if (row == row_) continue;
      const float squared = SquaredDistance(vectors_.row(row).data(), of, vectors_.width);
      for (Limit& limit : limits_) {
        limit.rank += squared < limit.surely_nearer;
        if (squared >= limit.surely_nearer && squared <= limit.surely_further) {
          const double distance = Distance(vectors_.row(row), vectors_.row(row_));
          limit.rank += std::pair(distance, row) < std::pair(limit.distance, limit.other);
        }
      }
    }
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
  const std::size_t chunk = std::max<std::size_t>(
      1, kChunkBytes / (sizeof(float) * std::max<std::size_t>(1, vectors.width)));
  const auto run = [&](std::size_t piece) {
    const std::size_t begin = piece * kPieceQuestions;
    const std::size_t end = std::min(questions.size(), begin + kPieceQuestions);
    std::vector<Ranking> rankings;
    for (std::size_t i = begin; i < end; ++i) rankings.emplace_back(vectors, questions[i]);
    for (std::size_t row = 0; row < vectors.rows; row += chunk) {
      for (Ranking& ranking : rankings) ranking.Add(row, std::min(vectors.rows, row + chunk));
    }
    for (std::size_t i = begin; i < end; ++i) ranks[i] = rankings[i - begin].ranks();
    return absl::OkStatus();
  };
  PECULIAR_RETURN_IF_ERROR(ParallelFor(pieces, threads, run));
  return ranks;
}

}  // namespace peculiar
