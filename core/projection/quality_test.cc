#include "core/projection/quality.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "tests/support/near_points.h"

namespace peculiar {
namespace {

TestPoints Line(const std::vector<float>& places) { return {places, 1}; }

TEST(QualityTest, IsOneForTheSameSpace) {
  const TestPoints points = MakeClusters(50, 3, 2, 5, 1);
  const auto near = NearestOthers(points.matrix(), 7);
  EXPECT_EQ(*Trustworthiness(points.matrix(), near, 7, 1), 1);
  EXPECT_EQ(*Continuity(points.matrix(), near, 7, 1), 1);
}

TEST(QualityTest, CountsHowFarDownTheRanksAre) {
  // Point 0 moves from the near end to the far one. Nearest in the projection, with its rank in
  // the original: 0: 4 (4), 1: 2 (2), 2: 1 (1), 3: 2 (1), 4: 0 (4); beyond the first 3 + 1 + 3.
  const TestPoints original = Line({0, 1, 2.1f, 3.3f, 4.6f});
  const TestPoints projected = Line({5.5f, 1, 2.1f, 3.3f, 4.6f});
  const auto near = NearestOthers(projected.matrix(), 1);
  EXPECT_DOUBLE_EQ(*Trustworthiness(original.matrix(), near, 1, 1),
                   1 - 2.0 / (5 * 1 * (10 - 3 - 1)) * (3 + 1 + 3));
  // Nearest in the original, with its rank in the projection: 0: 1 (4), 1: 0 (4), 2: 1 (1),
  // 3: 2 (1), 4: 3 (2).
  const auto before = NearestOthers(original.matrix(), 1);
  EXPECT_DOUBLE_EQ(*Continuity(projected.matrix(), before, 1, 1), 1 - 2.0 / 30 * (3 + 3 + 1));
}

TEST(QualityTest, IsAboutHalfForPointsAtRandom) {
  const TestPoints original = MakeClusters(400, 5, 1, 0, 2);
  const TestPoints other = MakeClusters(400, 2, 1, 0, 3);
  const double value =
      *Trustworthiness(original.matrix(), NearestOthers(other.matrix(), 10), 10, 1);
  EXPECT_NEAR(value, 0.5, 0.03);
}

TEST(QualityTest, DuplicatesRankByRow) {
  const TestPoints points = Line({0, 0, 0, 0, 0, 9});
  const auto near = NearestOthers(points.matrix(), 2);
  EXPECT_EQ(*Trustworthiness(points.matrix(), near, 2, 1), 1);
}

TEST(QualityTest, DoesNotDependOnThreads) {
  const TestPoints original = MakeClusters(300, 5, 2, 3, 4);
  const TestPoints other = MakeClusters(300, 2, 1, 0, 5);
  const auto near = NearestOthers(other.matrix(), 5);
  const double one = *Trustworthiness(original.matrix(), near, 5, 1);
  EXPECT_EQ(one, *Trustworthiness(original.matrix(), near, 5, 3));
}

TEST(QualityTest, RefusesBadInput) {
  TestPoints points = MakeClusters(20, 3, 1, 0, 6);
  const auto near = NearestOthers(points.matrix(), 12);
  EXPECT_FALSE(Trustworthiness(points.matrix(), near, 0, 1).ok());
  EXPECT_FALSE(Trustworthiness(points.matrix(), near, 10, 1).ok());  // half of 20
  EXPECT_FALSE(Trustworthiness(points.matrix(), {}, 3, 1).ok());
  points.values[7] = NAN;
  EXPECT_FALSE(Trustworthiness(points.matrix(), near, 3, 1).ok());
}

}  // namespace
}  // namespace peculiar
