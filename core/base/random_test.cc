#include "core/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace peculiar {
namespace {

TEST(RandomTest, SameKeySameNumbersOtherLabelOtherNumbers) {
  Random a(7, {1, 2}), b(7, {1, 2}), c(7, {2, 1});
  const auto first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, c.Next());
}

TEST(RandomTest, NormalHasMeanZeroAndVarianceOne) {
  Random random(1);
  double sum = 0, squares = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double x = random.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(squares / n, 1, 0.02);
}

TEST(RandomTest, BelowCoversItsRangeEvenly) {
  Random random(3);
  std::vector<int> counts(5);
  for (int i = 0; i < 50000; ++i) ++counts[random.Below(5)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 400);
}

TEST(RandomTest, PermutationHoldsEveryIndexOnce) {
  Random random(5);
  auto order = RandomPermutation(100, random);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
}

}  // namespace
}  // namespace peculiar
