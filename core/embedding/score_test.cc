#include "core/embedding/score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace peculiar {
namespace {

// Two lines of one channel, two spaxels: small enough to compute by hand.
const std::vector<float> kInput = {1, 2, 3, 0};
const std::vector<float> kIvar = {4, 1, 9, 0};
const std::vector<std::uint8_t> kMask = {0, 0, 0, 1};
const std::vector<float> kReconstruction = {2, 2, 1, 0.5};

Scores Compute(std::span<const float> reconstruction, std::span<const std::uint8_t> mask = kMask) {
  ScoreSums sums({kInput, kIvar, mask, 1, 2});
  sums.AddChannel(reconstruction.subspan(0, 2));
  sums.AddChannel(reconstruction.subspan(2));
  return sums.Finish();
}

TEST(ScoreTest, ValuesMatchTheDefinitions) {
  const Scores scores = Compute(kReconstruction);
  EXPECT_DOUBLE_EQ(scores.mae, (1 + 0 + 2 + 0.5) / 4);
  EXPECT_DOUBLE_EQ(scores.chi, (1 * 2 + 0 + 2 * 3) / 3.0);
  EXPECT_DOUBLE_EQ(scores.relative, 3.0 / 6.0);
  EXPECT_EQ(scores.value(ScoreKind::kChi), scores.chi);
}

TEST(ScoreTest, SharesAddUpToMae) {
  const Scores scores = Compute(kReconstruction);
  ASSERT_EQ(scores.line_shares.size(), 2u);
  EXPECT_DOUBLE_EQ(scores.line_shares[0], 0.25);
  EXPECT_DOUBLE_EQ(scores.line_shares[0] + scores.line_shares[1], scores.mae);
  EXPECT_NEAR(std::accumulate(scores.spaxel_map.begin(), scores.spaxel_map.end(), 0.0), scores.mae,
              1e-7);
  EXPECT_FLOAT_EQ(scores.spaxel_map[0], 0.75);
}

TEST(ScoreTest, ChannelsOfALineShareItsSum) {
  ScoreSums sums({kInput, kIvar, kMask, /*channels_per_line=*/2, /*spaxels=*/1});
  for (const float value : kReconstruction) sums.AddChannel({&value, 1});
  const Scores scores = sums.Finish();
  ASSERT_EQ(scores.line_shares.size(), 2u);
  EXPECT_DOUBLE_EQ(scores.line_shares[0], (1 + 0) / 4.0);
  EXPECT_DOUBLE_EQ(scores.line_shares[1], (2 + 0.5) / 4.0);
  EXPECT_DOUBLE_EQ(scores.mae, Compute(kReconstruction).mae);
}

TEST(ScoreTest, NonFiniteReconstructionGivesNonFiniteScores) {
  const Scores scores = Compute(std::vector<float>{NAN, 2, 1, 0});
  EXPECT_FALSE(std::isfinite(scores.mae));
  EXPECT_FALSE(std::isfinite(scores.chi));
}

TEST(ScoreTest, AllMaskedLeavesChiAndRelativeUndefined) {
  const Scores scores = Compute(kReconstruction, std::vector<std::uint8_t>{1, 1, 1, 1});
  EXPECT_TRUE(std::isnan(scores.chi));
  EXPECT_TRUE(std::isnan(scores.relative));
  EXPECT_TRUE(std::isfinite(scores.mae));
}

TEST(ScoreTest, NamesGoBothWays) {
  EXPECT_EQ(*ParseScoreName("relative"), ScoreKind::kRelative);
  EXPECT_EQ(ParseScoreName("rmse").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar
