#include "core/query/sorted_column.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "core/base/random.h"
#include "core/catalog/ranking.h"

namespace peculiar {
namespace {

using ::testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Some values many times, some once, some none.
std::vector<double> SomeValues(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t kind = random.Below(10);
    values.push_back(kind == 0  ? kNan
                     : kind < 4 ? static_cast<double>(random.Below(5))
                                : random.Uniform(-1, 5));
  }
  return values;
}

RowSet SomeRows(std::size_t n, std::uint64_t one_in, std::uint64_t seed) {
  Random random(seed);
  RowSet rows(n);
  for (std::size_t row = 0; row < n; ++row) {
    if (random.Below(one_in) == 0) rows.Add(row);
  }
  return rows;
}

TEST(SortedColumnTest, RanksAndPercentilesAreThoseOfTheCatalogue) {
  const std::vector<double> values = SomeValues(3000, 1);
  const std::vector<CatalogScore> truth = RankScores(values, "mae");
  const SortedColumn column(values);
  for (std::size_t row = 0; row < values.size(); ++row) {
    ASSERT_EQ(column.value(row), truth[row].value);
    if (!truth[row].ranked()) continue;
    ASSERT_EQ(column.rank(row), truth[row].rank);
    ASSERT_EQ(column.percentile(row), truth[row].percentile);
    ASSERT_EQ(column.ranking()[column.place(row)], row);
  }
}

TEST(SortedColumnTest, TheRankingFallsAndTiesAreByRow) {
  const SortedColumn column({2, 5, kNan, 2, 7, 2, std::numeric_limits<double>::infinity(), 0});
  EXPECT_THAT(column.ranking(), ::testing::ElementsAre(4, 1, 0, 3, 5, 7));
}

TEST(SortedColumnTest, SlicesHoldExactlyTheRange) {
  const std::vector<double> values = SomeValues(2000, 2);
  const SortedColumn column(values);
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    const double low = static_cast<double>(random.Below(12)) / 2 - 1;
    const double high = low + static_cast<double>(random.Below(8)) / 2 - 0.5;
    const auto slice = column.Between(low, high);
    const auto shares = column.BetweenPercentiles(10 * low, 20 * high);
    std::size_t inside = 0, inside_shares = 0;
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (!column.value(row)) continue;
      inside += values[row] >= low && values[row] <= high ? 1 : 0;
      const double percentile = column.percentile(row);
      inside_shares += percentile >= 10 * low && percentile <= 20 * high ? 1 : 0;
    }
    ASSERT_EQ(slice.size(), inside) << low << " to " << high;
    ASSERT_EQ(shares.size(), inside_shares) << low << " to " << high;
  }
}

// Around every mark along the order and over several of them.
TEST(SortedColumnTest, KeepLeavesTheRowsOfTheSlice) {
  for (const std::size_t n : {1, 100, 1024, 1025, 9000, 100'000}) {
    const SortedColumn column(SomeValues(n, n));
    const std::size_t ranked = column.all().end;
    Random random(n);
    for (int i = 0; i < 40; ++i) {
      const std::size_t a = random.Below(ranked + 1), b = random.Below(ranked + 1);
      const SortedColumn::Slice slice{std::min(a, b), i == 0 ? ranked : std::max(a, b)};
      const RowSet before = SomeRows(n, 3, static_cast<std::uint64_t>(i));
      RowSet rows = before, expected(n);
      column.Keep(slice, rows);
      for (std::size_t place = slice.begin; place < slice.end; ++place) {
        if (before.Has(column.ranking()[place])) expected.Add(column.ranking()[place]);
      }
      ASSERT_EQ(rows, expected) << n << ": " << slice.begin << " to " << slice.end;
    }
  }
}

TEST(SortedColumnTest, PlacesOfASetRiseAndLeaveOutWhatIsNotRanked) {
  const SortedColumn column(SomeValues(5000, 4));
  for (const std::uint64_t one_in : {1, 2, 50, 500, 100'000}) {
    const RowSet rows = SomeRows(5000, one_in, one_in);
    std::vector<std::uint32_t> places = {7}, expected;
    column.PlacesOf(rows, rows.Count(), places);
    for (std::uint32_t place = 0; place < column.ranking().size(); ++place) {
      if (rows.Has(column.ranking()[place])) expected.push_back(place);
    }
    EXPECT_EQ(places, expected) << one_in;
  }
}

TEST(SortedColumnTest, ASampleWithoutFiniteValuesRanksNothing) {
  const SortedColumn column({kNan, std::numeric_limits<double>::infinity()});
  EXPECT_TRUE(column.ranking().empty());
  EXPECT_FALSE(column.value(1).has_value());
  RowSet rows(2);
  rows.AddAll();
  column.Keep(column.Between(0, 1), rows);
  EXPECT_EQ(rows.Count(), 0u);
}

TEST(LazyColumnTest, IsMadeOnceHoweverManyAskAtOnce) {
  std::atomic<int> made = 0;
  const LazyColumn column([&] {
    ++made;
    return std::vector<double>{1, 3, 2};
  });
  EXPECT_EQ(made, 0);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { right += column.get().rank(1) == 1 ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(right, 8);
  EXPECT_THAT(column.get().ranking(), ElementsAre(1, 2, 0));
}

}  // namespace
}  // namespace peculiar
