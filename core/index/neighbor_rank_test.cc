#include "core/index/neighbor_rank.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "core/index/vector_index.h"

namespace peculiar {
namespace {

struct Vectors {
  std::size_t width = 0;
  std::vector<float> values;
  Matrix matrix() const { return {values.data(), values.size() / width, width}; }
};

// step: values are whole multiples of it; 0 = as drawn.
Vectors MakeNormal(std::size_t rows, std::size_t width, double step = 0, double offset = 0) {
  Random random(rows * 1000 + width);
  Vectors vectors{width, {}};
  for (std::size_t i = 0; i < rows * width; ++i) {
    const double value = random.Normal();
    vectors.values.push_back(
        static_cast<float>(offset + (step > 0 ? step * std::round(value / step) : value)));
  }
  return vectors;
}

// Every fifth row against its four followers, and the first against all.
std::vector<RankQuestion> Questions(std::size_t rows) {
  std::vector<RankQuestion> questions;
  for (std::size_t row = 0; row + 4 < rows; row += 5) {
    questions.push_back({row, {row + 4, row + 1, row + 3, row + 2}});
  }
  questions.push_back({0, {}});
  for (std::size_t other = 1; other < rows; ++other) questions.back().others.push_back(other);
  return questions;
}

void ExpectPlacesInTheFullList(const Vectors& vectors) {
  const std::size_t rows = vectors.matrix().rows;
  const auto index = VectorIndex::Build(vectors.matrix());
  ASSERT_TRUE(index.ok()) << index.status();
  const std::vector<RankQuestion> questions = Questions(rows);
  const auto ranks = NeighborRanks(vectors.matrix(), questions, 2);
  ASSERT_TRUE(ranks.ok()) << ranks.status();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto list = index->SearchRow(questions[i].row, rows);
    ASSERT_TRUE(list.ok()) << list.status();
    ASSERT_EQ((*ranks)[i].size(), questions[i].others.size());
    for (std::size_t j = 0; j < questions[i].others.size(); ++j) {
      const auto place = static_cast<std::size_t>((*ranks)[i][j] - 1);
      EXPECT_EQ(list->at(place).row, questions[i].others[j]) << questions[i].row;
    }
  }
}

TEST(NeighborRankTest, IsThePlaceInTheFullList) {
  for (const std::size_t width : {1, 3, 7, 8, 9, 32, 50}) {
    ExpectPlacesInTheFullList(MakeNormal(330, width));
  }
}

TEST(NeighborRankTest, TiesAndNearTiesAreByTheDistanceInDoubleThenByRow) {
  ExpectPlacesInTheFullList(MakeNormal(300, 2, 1));        // many duplicates
  ExpectPlacesInTheFullList(MakeNormal(300, 3, 0, 1000));  // float distances all but equal
  ExpectPlacesInTheFullList(MakeNormal(40, 4, 100));       // all at one place
}

TEST(NeighborRankTest, RefusesRowsThatAreNotThere) {
  const Vectors vectors = MakeNormal(10, 2);
  const auto refused = [&](RankQuestion question) {
    const RankQuestion questions[] = {std::move(question)};
    return NeighborRanks(vectors.matrix(), questions, 1).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused({10, {1}}));
  EXPECT_TRUE(refused({1, {10}}));
  EXPECT_TRUE(refused({1, {2, 1}}));
  EXPECT_FALSE(refused({1, {2, 3}}));
}

}  // namespace
}  // namespace peculiar
