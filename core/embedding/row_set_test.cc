#include "core/embedding/row_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.h"

namespace peculiar {
namespace {

std::vector<std::size_t> Rows(const RowSet& set) {
  std::vector<std::size_t> rows;
  set.ForEach([&](std::size_t row) { rows.push_back(row); });
  return rows;
}

TEST(RowSetTest, HoldsWhatWasAddedOfAnySize) {
  for (const std::size_t size : {1, 63, 64, 65, 128, 1000}) {
    RowSet set(size), all(size);
    std::vector<std::size_t> expected;
    for (std::size_t row = 0; row < size; row += 3) {
      set.Add(row);
      if (row % 2 == 0) set.Remove(row);
      if (row % 2 != 0) expected.push_back(row);
    }
    EXPECT_EQ(Rows(set), expected);
    EXPECT_EQ(set.Count(), expected.size());
    all.AddAll();
    EXPECT_EQ(all.Count(), size);
    EXPECT_EQ(Rows(all).size(), size);
    all.Reset(size);
    EXPECT_EQ(all.Count(), 0u);
  }
}

TEST(RowSetTest, CombinesLikeSets) {
  constexpr std::size_t kSize = 777;
  Random random(1);
  RowSet a(kSize), b(kSize);
  for (std::size_t row = 0; row < kSize; ++row) {
    if (random.Below(3) == 0) a.Add(row);
    if (random.Below(2) == 0) b.Add(row);
  }
  RowSet both = a, either = a, only = a;
  both.Keep(b);
  either.Add(b);
  only.Remove(b);
  for (std::size_t row = 0; row < kSize; ++row) {
    EXPECT_EQ(both.Has(row), a.Has(row) && b.Has(row)) << row;
    EXPECT_EQ(either.Has(row), a.Has(row) || b.Has(row)) << row;
    EXPECT_EQ(only.Has(row), a.Has(row) && !b.Has(row)) << row;
  }
  EXPECT_EQ(both.Count() + only.Count(), a.Count());
}

}  // namespace
}  // namespace peculiar
