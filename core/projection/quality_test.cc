#include "core/projection/quality.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"
#include "tests/support/near_points.h"

namespace peculiar {
namespace {

std::vector<std::size_t> All(const TestPoints& points) {
  return MeasuredRows(points.matrix().rows);
}

TestPoints Line(const std::vector<float>& places) { return {places, 1}; }

TEST(QualityTest, IsOneForTheSameSpace) {
  const TestPoints points = MakeClusters(50, 3, 2, 5, 1);
  const auto near = NearestOthers(points.matrix(), 7);
  EXPECT_EQ(*Trustworthiness(points.matrix(), All(points), near, 7, 1), 1);
  EXPECT_EQ(*Continuity(points.matrix(), All(points), near, 7, 1), 1);
}

TEST(QualityTest, CountsHowFarDownTheRanksAre) {
  // Point 0 moves from the near end to the far one. Nearest in the projection, with its rank in
  // the original: 0: 4 (4), 1: 2 (2), 2: 1 (1), 3: 2 (1), 4: 0 (4); beyond the first 3 + 1 + 3.
  const TestPoints original = Line({0, 1, 2.1f, 3.3f, 4.6f});
  const TestPoints projected = Line({5.5f, 1, 2.1f, 3.3f, 4.6f});
  const auto near = NearestOthers(projected.matrix(), 1);
  EXPECT_DOUBLE_EQ(*Trustworthiness(original.matrix(), All(original), near, 1, 1),
                   1 - 2.0 / (5 * 1 * (10 - 3 - 1)) * (3 + 1 + 3));
  // Nearest in the original, with its rank in the projection: 0: 1 (4), 1: 0 (4), 2: 1 (1),
  // 3: 2 (1), 4: 3 (2).
  const auto before = NearestOthers(original.matrix(), 1);
  EXPECT_DOUBLE_EQ(*Continuity(projected.matrix(), All(projected), before, 1, 1),
                   1 - 2.0 / 30 * (3 + 3 + 1));
}

TEST(QualityTest, IsAboutHalfForPointsAtRandom) {
  const TestPoints original = MakeClusters(400, 5, 1, 0, 2);
  const TestPoints other = MakeClusters(400, 2, 1, 0, 3);
  const double value =
      *Trustworthiness(original.matrix(), All(original), NearestOthers(other.matrix(), 10), 10, 1);
  EXPECT_NEAR(value, 0.5, 0.03);
}

TEST(QualityTest, DuplicatesRankByRow) {
  const TestPoints points = Line({0, 0, 0, 0, 0, 9});
  const auto near = NearestOthers(points.matrix(), 2);
  EXPECT_EQ(*Trustworthiness(points.matrix(), All(points), near, 2, 1), 1);
}

TEST(QualityTest, DoesNotDependOnThreads) {
  const TestPoints original = MakeClusters(300, 5, 2, 3, 4);
  const TestPoints other = MakeClusters(300, 2, 1, 0, 5);
  const auto near = NearestOthers(other.matrix(), 5);
  const double one = *Trustworthiness(original.matrix(), All(original), near, 5, 1);
  EXPECT_EQ(one, *Trustworthiness(original.matrix(), All(original), near, 5, 3));
}

TEST(QualityTest, MeasuresAllRowsOfFewAndSomeOfMany) {
  EXPECT_EQ(MeasuredRows(3), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(MeasuredRows(10'000).back(), 9'999u);
  const std::vector<std::size_t> some = MeasuredRows(40'000);
  EXPECT_EQ(some.size(), 2'500u);
  EXPECT_EQ(some[1], 16u);
  EXPECT_EQ(MeasuredRows(1'000'000).size(), 1'000u);
}

TEST(QualityTest, SomeRowsStandForAll) {
  const TestPoints original = MakeClusters(1500, 5, 2, 3, 7);
  TestPoints other = original;  // with its last coordinate lost
  other.width = 5;
  for (std::size_t i = 4; i < other.values.size(); i += 5) other.values[i] = 0;
  const auto near = NearestOthers(other.matrix(), 10);
  std::vector<std::size_t> rows;
  std::vector<NeighborList> lists;
  for (std::size_t i = 0; i < 1500; i += 5) {
    rows.push_back(i);
    lists.push_back(near[i]);
  }
  const double all = *Trustworthiness(original.matrix(), All(original), near, 10, 1);
  EXPECT_LT(all, 0.999);
  EXPECT_NEAR(*Trustworthiness(original.matrix(), rows, lists, 10, 1), all, 0.003);
}

TEST(QualityTest, RefusesBadInput) {
  TestPoints points = MakeClusters(20, 3, 1, 0, 6);
  const auto near = NearestOthers(points.matrix(), 12);
  EXPECT_FALSE(Trustworthiness(points.matrix(), All(points), near, 0, 1).ok());
  EXPECT_FALSE(Trustworthiness(points.matrix(), All(points), near, 10, 1).ok());  // half of 20
  EXPECT_FALSE(Trustworthiness(points.matrix(), All(points), {}, 3, 1).ok());
  const std::vector<std::size_t> shifted(20, 19);  // lists that hold the point itself
  EXPECT_FALSE(Trustworthiness(points.matrix(), shifted, near, 3, 1).ok());
  EXPECT_FALSE(Trustworthiness(points.matrix(), {}, {}, 3, 1).ok());
  points.values[7] = NAN;
  EXPECT_FALSE(Trustworthiness(points.matrix(), All(points), near, 3, 1).ok());
}

}  // namespace
}  // namespace peculiar
