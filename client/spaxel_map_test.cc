#include "client/spaxel_map.h"

#include <gtest/gtest.h>

#include <limits>

namespace peculiar::client {
namespace {

v1::ModelScores Scores(const std::vector<float>& values) {
  v1::ModelScores scores;
  scores.set_model("ae");
  scores.mutable_spaxel_values()->Add(values.begin(), values.end());
  return scores;
}

TEST(SpaxelMapTest, ThePictureHasNorthUp) {
  const Table table = SpaxelPicture(Scores({0, 0.5, 1, 0.11F}), 2);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0][0], "|@@..|");
  EXPECT_EQ(table.rows[1][0], "|  ++|");
}

TEST(SpaxelMapTest, NumbersKeepTheServersOrder) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(SpaxelRows(Scores({0, 0.5, nan, 0.25}), 2).dump(), "[[0.0,0.5],[null,0.25]]");
}

TEST(SpaxelMapTest, WithoutValuesOrAllZeroThereIsNothingToSee) {
  EXPECT_TRUE(SpaxelRows(Scores({}), 32).empty());
  EXPECT_TRUE(SpaxelPicture(Scores({1}), 2).rows.empty());
  EXPECT_EQ(SpaxelPicture(Scores({0}), 1).rows[0][0], "|  |");
}

}  // namespace
}  // namespace peculiar::client
