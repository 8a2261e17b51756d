#include "core/dataset/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace peculiar {
namespace {

std::vector<SampleEntry> Entries(int n, int repeats) {
  std::vector<SampleEntry> entries(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    entries[i].galaxy.plateifu = fmt::format("{}-101", 8000 + i);
    entries[i].galaxy.mangaid = fmt::format("1-{}", i / repeats);
  }
  return entries;
}

TEST(SplitTest, EveryRowIsOnOneSideAndRepeatsStayTogether) {
  const auto entries = Entries(300, 3);
  const Split split = SplitByGalaxy(entries, 0.1, 7);
  EXPECT_EQ(split.test.size(), 30u);  // 10 of 100 groups of three
  EXPECT_EQ(split.train.size(), 270u);
  std::map<std::string, int> sides;
  for (const std::size_t row : split.train) sides[entries[row].galaxy.mangaid] |= 1;
  for (const std::size_t row : split.test) sides[entries[row].galaxy.mangaid] |= 2;
  EXPECT_EQ(sides.size(), 100u);
  for (const auto& [mangaid, side] : sides) EXPECT_NE(side, 3) << mangaid;
  std::set<std::size_t> all(split.train.begin(), split.train.end());
  all.insert(split.test.begin(), split.test.end());
  EXPECT_EQ(all.size(), 300u);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
}

TEST(SplitTest, IsAFunctionOfTheSeed) {
  const auto entries = Entries(100, 1);
  EXPECT_EQ(SplitByGalaxy(entries, 0.2, 1).test, SplitByGalaxy(entries, 0.2, 1).test);
  EXPECT_NE(SplitByGalaxy(entries, 0.2, 1).test, SplitByGalaxy(entries, 0.2, 2).test);
}

TEST(SplitTest, BothSidesHaveAGroupWhenThereAreTwo) {
  for (const double fraction : {0.0, 0.1, 1.0}) {
    const Split split = SplitByGalaxy(Entries(4, 2), fraction, 3);
    EXPECT_EQ(split.train.size(), 2u) << fraction;
    EXPECT_EQ(split.test.size(), 2u) << fraction;
  }
  EXPECT_EQ(SplitByGalaxy(Entries(3, 3), 0.5, 3).train.size(), 3u);
  EXPECT_TRUE(SplitByGalaxy(Entries(0, 1), 0.5, 3).train.empty());
}

TEST(SplitTest, GalaxiesWithoutMangaidAreNotOneGroup) {
  auto entries = Entries(50, 1);
  for (auto& entry : entries) entry.galaxy.mangaid.clear();
  EXPECT_EQ(SplitByGalaxy(entries, 0.1, 3).test.size(), 5u);
}

}  // namespace
}  // namespace peculiar
