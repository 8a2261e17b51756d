#include "core/projection/smooth_knn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace peculiar {
namespace {

using ::testing::Each;

NeighborList MakeList(const std::vector<double>& distances) {
  NeighborList list;
  for (const double distance : distances) list.push_back({list.size(), distance});
  return list;
}

TEST(SmoothKnnTest, SigmaSolvesTheClosedForm) {
  // k = 4: 1 + 2 exp(-0.6 / sigma) = log2 4.
  const NeighborScales scales = SmoothNeighborDistances({MakeList({0.4, 1.0, 1.0})});
  EXPECT_DOUBLE_EQ(scales.rho[0], 0.4);
  EXPECT_NEAR(scales.sigma[0], 0.6 / std::log(2), 1e-4);
}

TEST(SmoothKnnTest, RhoIsTheFirstDistanceThatIsNotZero) {
  EXPECT_EQ(SmoothNeighborDistances({MakeList({0, 0, 0.7, 2})}).rho[0], 0.7);
  EXPECT_EQ(SmoothNeighborDistances({MakeList({0, 0, 0})}).rho[0], 0);
}

TEST(SmoothKnnTest, SigmaIsAtLeastAThousandthOfTheMeanDistance) {
  // Three neighbours at the nearest distance already exceed log2 4: only sigma -> 0 would do.
  const NeighborScales scales = SmoothNeighborDistances({MakeList({8, 8, 8})});
  EXPECT_DOUBLE_EQ(scales.sigma[0], 1e-3 * (3 * 8) / 4);
}

TEST(SmoothKnnTest, APointOnItsDuplicatesTakesTheMeanOfAll) {
  const NeighborScales scales = SmoothNeighborDistances({MakeList({0, 0, 0}), MakeList({1, 2, 3})});
  EXPECT_EQ(scales.rho[0], 0);
  EXPECT_DOUBLE_EQ(scales.sigma[0], 1e-3 * 6 / 8);
}

TEST(SmoothKnnTest, AllAtDistanceZeroAreFullMembers) {
  const NeighborScales scales = SmoothNeighborDistances({MakeList({0, 0}), MakeList({0, 0})});
  EXPECT_THAT(scales.sigma, Each(0.0));
  EXPECT_EQ(Membership(0, scales.rho[0], scales.sigma[0]), 1);
}

TEST(SmoothKnnTest, NewPointsHaveNoRhoAndTheNearestIsNotSummed) {
  // k = 4: 3 exp(-2 / sigma) = log2 4.
  const NeighborScales scales = SmoothNewDistances({MakeList({1, 2, 2, 2})});
  EXPECT_EQ(scales.rho[0], 0);
  EXPECT_NEAR(scales.sigma[0], 2 / std::log(1.5), 1e-4);
}

TEST(SmoothKnnTest, NewPointsDoNotKnowOfEachOther) {
  const NeighborList near = MakeList({0, 0, 0, 1});
  const NeighborScales alone = SmoothNewDistances({near});
  const NeighborScales together = SmoothNewDistances({MakeList({900, 990}), near});
  EXPECT_EQ(together.sigma[1], alone.sigma[0]);
}

TEST(SmoothKnnTest, MembershipFallsFromRhoOn) {
  EXPECT_EQ(Membership(0.2, 0.5, 1), 1);
  EXPECT_EQ(Membership(0.5, 0.5, 1), 1);
  EXPECT_DOUBLE_EQ(Membership(2.5, 0.5, 1), std::exp(-2));
}

}  // namespace
}  // namespace peculiar
