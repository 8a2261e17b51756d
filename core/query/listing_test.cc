// Pages of a ranking, against a sort of everything that passes.
#include "core/query/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "core/base/random.h"

namespace peculiar {
namespace {

// Half of the rows tie with others.
SortedColumn MakeColumn(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) {
    values.push_back(random.Below(2) == 0 ? static_cast<double>(random.Below(4))
                                          : random.Uniform(0, 4));
    if (random.Below(20) == 0) values.back() = std::numeric_limits<double>::quiet_NaN();
  }
  return SortedColumn(values);
}

// The definition: all that passes, sorted.
std::vector<std::uint32_t> Sorted(const SortedColumn& column, const MeasureRange& range,
                                  const RowSet& passing, SortOrder order) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < column.size(); ++row) {
    if (!passing.Has(row) || !column.value(row)) continue;
    const double value = *column.value(row), percentile = column.percentile(row);
    if (value < range.min_value.value_or(value) || value > range.max_value.value_or(value))
      continue;
    if (percentile < range.min_percentile.value_or(percentile)) continue;
    if (percentile > range.max_percentile.value_or(percentile)) continue;
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    return order == SortOrder::kDescending ? *column.value(a) > *column.value(b)
                                           : *column.value(a) < *column.value(b);
  });
  return rows;
}

std::vector<std::uint32_t> Page(const std::vector<std::uint32_t>& rows, const ListingQuery& query) {
  const std::int64_t size = std::ssize(rows);
  const auto begin = rows.begin() + std::min(query.offset, size);
  return {begin, rows.begin() + std::min(query.offset + query.count, size)};
}

MeasureRange SomeRange(Random& random) {
  MeasureRange range;
  if (random.Below(3) == 0) range.min_value = static_cast<double>(random.Below(4));
  if (random.Below(3) == 0) range.max_value = random.Uniform(1, 4);
  if (random.Below(3) == 0) range.min_percentile = random.Uniform(0, 60);
  if (random.Below(3) == 0) range.max_percentile = random.Uniform(40, 100);
  return range;
}

TEST(ListingTest, PagesAreThoseOfASortOfWhatPasses) {
  Random random(1);
  for (const std::size_t n : {1, 10, 500, 6000}) {
    const SortedColumn column = MakeColumn(n, n);
    for (int i = 0; i < 300; ++i) {
      const MeasureRange range = SomeRange(random);
      // From all rows to a few: both ways to find a page.
      const std::uint64_t one_in = std::uint64_t{1} << random.Below(11);
      RowSet passing(n), all(n);
      all.AddAll();
      for (std::size_t row = 0; row < n; ++row) {
        if (random.Below(one_in) == 0) passing.Add(row);
      }
      const SortOrder order = random.Below(2) == 0 ? SortOrder::kAscending : SortOrder::kDescending;
      const ListingQuery query{order, static_cast<std::int64_t>(random.Below(n + 2)),
                               static_cast<std::int64_t>(1 + random.Below(60))};
      const auto expected = Sorted(column, range, passing, order);
      const auto unfiltered = Sorted(column, range, all, order);
      const auto slice = SliceOf(range, column);
      const Listing some = ListPassing(column, slice, passing, query);
      ASSERT_EQ(some.total_count, std::ssize(expected));
      ASSERT_EQ(some.rows, Page(expected, query)) << n << ", offset " << query.offset;
      const Listing every = ListAll(column, slice, query);
      ASSERT_EQ(every.total_count, std::ssize(unfiltered));
      ASSERT_EQ(every.rows, Page(unfiltered, query)) << n << ", offset " << query.offset;
    }
  }
}

TEST(ListingTest, TheFirstPageOfFewAndOfManyIsTheSame) {
  // 3 of 40,000 are sorted, 20,000 are walked to.
  const SortedColumn column = MakeColumn(40'000, 7);
  for (const std::size_t step : {2, 13'001}) {
    RowSet passing(40'000);
    for (std::size_t row = 0; row < 40'000; row += step) passing.Add(row);
    const auto expected = Sorted(column, {}, passing, SortOrder::kAscending);
    const ListingQuery query{SortOrder::kAscending, 0, 50};
    EXPECT_EQ(ListPassing(column, column.all(), passing, query).rows, Page(expected, query));
  }
}

}  // namespace
}  // namespace peculiar
