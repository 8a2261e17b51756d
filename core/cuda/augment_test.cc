#include "core/cuda/augment.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/random.h"

namespace peculiar {
namespace {

TEST(AugmentTest, DrawsTheNumbersOfRandom) {
  Random random(5, {101, 7});
  random.Below(4);
  const std::uint64_t state = random.state();
  Random again = random;
  for (std::uint64_t n = 1; n <= 5; ++n) EXPECT_EQ(DrawAt(state, n), again.Next());
  for (std::uint64_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(NormalAt(state, i), random.Normal(), 1e-14) << i;
  }
}

// A 2 x 2 image, by hand: +x to +y is one turn.
TEST(AugmentTest, FindsWhereASpaxelComesFrom) {
  const auto sources = [](const AugmentedCopy& copy) {
    std::vector<int> result;
    for (int spaxel = 0; spaxel < 4; ++spaxel) result.push_back(SourceSpaxel(copy, 2, spaxel));
    return result;
  };
  EXPECT_EQ(sources({}), (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(sources({.flip = 1}), (std::vector{1, 0, 3, 2}));
  EXPECT_EQ(sources({.quarter_turns = 1}), (std::vector{2, 0, 3, 1}));
  EXPECT_EQ(sources({.quarter_turns = 2}), (std::vector{3, 2, 1, 0}));
  EXPECT_EQ(sources({.dx = 1}), (std::vector{-1, 0, -1, 2}));
  EXPECT_EQ(sources({.dy = -1}), (std::vector{2, 3, -1, -1}));
}

}  // namespace
}  // namespace peculiar
