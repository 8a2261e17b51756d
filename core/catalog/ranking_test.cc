#include "core/catalog/ranking.h"

#include <gtest/gtest.h>

#include <limits>

namespace peculiar {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(RankScoresTest, HighestIsFirstAndHasPercentileHundred) {
  const std::vector<double> values = {2, 8, 4, 6};
  const auto scores = RankScores(values, "mae");
  EXPECT_EQ(scores[1], (CatalogScore{8.0, 1, 100, ""}));
  EXPECT_EQ(scores[3], (CatalogScore{6.0, 2, 75, ""}));
  EXPECT_EQ(scores[2], (CatalogScore{4.0, 3, 50, ""}));
  EXPECT_EQ(scores[0], (CatalogScore{2.0, 4, 25, ""}));
}

TEST(RankScoresTest, EqualValuesRankInOrderAndShareAPercentile) {
  const std::vector<double> values = {5, 1, 5, 5, 0};
  const auto scores = RankScores(values, "mae");
  EXPECT_EQ(scores[0], (CatalogScore{5.0, 1, 100, ""}));
  EXPECT_EQ(scores[2], (CatalogScore{5.0, 2, 100, ""}));
  EXPECT_EQ(scores[3], (CatalogScore{5.0, 3, 100, ""}));
  EXPECT_EQ(scores[1], (CatalogScore{1.0, 4, 40, ""}));
  EXPECT_EQ(scores[4], (CatalogScore{0.0, 5, 20, ""}));
}

TEST(RankScoresTest, NonFiniteValuesAreNeverRankedAndSayWhy) {
  const std::vector<double> values = {kNan, 3, kInfinity, 1, -kInfinity};
  const auto scores = RankScores(values, "chi");
  EXPECT_EQ(scores[0], (CatalogScore{std::nullopt, 0, 0, "chi is nan"}));
  EXPECT_EQ(scores[2].reason, "chi is inf");
  EXPECT_EQ(scores[4].reason, "chi is -inf");
  EXPECT_EQ(scores[1], (CatalogScore{3.0, 1, 100, ""}));
  EXPECT_EQ(scores[3], (CatalogScore{1.0, 2, 50, ""}));  // of the two that are ranked
}

TEST(RankScoresTest, NothingFiniteRanksNothing) {
  const std::vector<double> values = {kNan};
  EXPECT_FALSE(RankScores(values, "mae")[0].ranked());
  EXPECT_TRUE(RankScores({}, "mae").empty());
}

}  // namespace
}  // namespace peculiar
