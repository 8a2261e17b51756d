#include "core/query/population.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace peculiar {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pointwise;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

CatalogContent FourGalaxies() {
  CatalogContent content;
  content.galaxies.resize(4);
  const double redshifts[] = {0.01, 0.03, 0.031, 0.14};
  for (std::size_t i = 0; i < 4; ++i) {
    content.galaxies[i].z = redshifts[i];
    content.galaxies[i].fibres = i == 3 ? 127 : 19;
  }
  content.galaxies[1].agn_infrared = content.galaxies[1].agn_radio = true;
  content.galaxies[2].agn_radio = true;
  return content;
}

RowSet Rows(std::size_t size, const std::vector<std::size_t>& rows) {
  RowSet set(size);
  for (const std::size_t row : rows) set.Add(row);
  return set;
}

std::vector<std::uint32_t> Members(const RowSet& set) {
  std::vector<std::uint32_t> rows;
  set.ForEach([&](std::size_t row) { rows.push_back(static_cast<std::uint32_t>(row)); });
  return rows;
}

std::vector<double> EdgesOf(const std::vector<double>& values, int n, BinScale scale) {
  const SortedColumn column(values);
  std::vector<std::uint32_t> places;
  RowSet all(values.size());
  all.AddAll();
  column.PlacesOf(all, values.size(), places);
  return BinEdges(RangeOf(column, places, scale), n, scale);
}

TEST(PopulationTest, AGalaxyIsInAllItsPopulationsAndEmptyOnesAreLeftOut) {
  std::vector<std::string> names;
  std::vector<std::vector<std::uint32_t>> rows;
  for (const Population& population : MakePopulations(FourGalaxies())) {
    names.push_back(fmt::format("{}:{}", PopulationGroupName(population.group), population.name));
    rows.push_back(Members(population.rows));
  }
  EXPECT_THAT(names, ElementsAre("all:all", "agn_class:infrared", "agn_class:radio",
                                 "agn_class:any", "agn_class:none", "fibres:19", "fibres:127",
                                 "redshift:0.00-0.03", "redshift:0.03-0.06", "redshift:0.12-0.15"));
  EXPECT_THAT(rows, ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(1), ElementsAre(1, 2),
                                ElementsAre(1, 2), ElementsAre(0, 3), ElementsAre(0, 1, 2),
                                ElementsAre(3), ElementsAre(0), ElementsAre(1, 2), ElementsAre(3)));
}

TEST(PopulationTest, APercentileIsTheShareOfRankedMembersNotAbove) {
  const Population population{PopulationGroup::kAll, "some", Rows(5, {0, 2, 3, 4})};
  const SortedColumn column({1, 9, 2, kNan, 2});
  const MemberRanks ranks(population, column);
  EXPECT_DOUBLE_EQ(*ranks.Percentile(0), 100.0 / 3);
  EXPECT_DOUBLE_EQ(*ranks.Percentile(2), 100);
  EXPECT_FALSE(ranks.Percentile(3).has_value());
}

// numpy.quantile([1, 2, 4, 8], [0, .05, .16, .25, .5, .75, .84, .95, 1])
TEST(PopulationTest, QuantilesAreNumpys) {
  const std::vector<double> rising = {1, 2, 4, 8};
  std::vector<double> found;
  for (const double q : kQuantiles) found.push_back(Quantile(rising, q));
  EXPECT_THAT(found, Pointwise(DoubleNear(1e-12),
                               std::vector<double>{1, 1.15, 1.48, 1.75, 3, 5, 6.08, 7.4, 8}));
  EXPECT_EQ(Quantile(std::vector<double>{3}, 0.84), 3);
}

TEST(PopulationTest, EdgesAreEqualStepsOfTheValueOrItsLogarithm) {
  EXPECT_THAT(EdgesOf({4, 0, 2}, 4, BinScale::kLinear), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(EdgesOf({100, 0, 1, 10}, 2, BinScale::kLog),
              Pointwise(DoubleNear(1e-9), std::vector<double>{1, 10, 100}));
  EXPECT_THAT(EdgesOf({2, 2}, 2, BinScale::kLinear), ElementsAre(1, 2, 3));
  EXPECT_THAT(EdgesOf({}, 4, BinScale::kLinear), IsEmpty());
  EXPECT_THAT(EdgesOf({0}, 4, BinScale::kLog), IsEmpty());
}

TEST(PopulationTest, ADistributionCountsEveryRankedMemberThatPassesOnce) {
  const Population population{PopulationGroup::kAll, "some", Rows(6, {0, 1, 2, 4, 5})};
  const SortedColumn column({0, 1, 2, 3, 4, kNan});
  const RowSet passing = Rows(6, {0, 1, 3, 4, 5});
  const std::vector<double> edges = {0, 1, 2, 4};
  const Distribution found = DistributionOf(population, column, passing, edges);
  EXPECT_EQ(found.members, 4u);
  EXPECT_EQ(found.ranked, 3u);
  EXPECT_THAT(found.counts, ElementsAre(1, 1, 1));
  EXPECT_EQ(found.quantiles[4], 1);
  EXPECT_DOUBLE_EQ(*found.median_percentile, 40);  // 0, 1, 4 are at 20, 40 and 100 of five
}

TEST(PopulationTest, NothingRankedHasNoQuantiles) {
  const Population population{PopulationGroup::kAll, "some", Rows(1, {0})};
  const Distribution found = DistributionOf(population, SortedColumn({kNan}), Rows(1, {0}), {});
  EXPECT_EQ(found.members, 1u);
  EXPECT_EQ(found.ranked, 0u);
  EXPECT_THAT(found.quantiles, IsEmpty());
  EXPECT_FALSE(found.median_percentile.has_value());
}

}  // namespace
}  // namespace peculiar
