#include "core/query/measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/catalog/ranking.h"
#include "tests/support/ready_engine.h"

namespace peculiar {
namespace {

using ::testing::ElementsAre;
using MeasureTableTest = testing::ReadyEngineTest;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(MeasureColumnTest, RanksAndPercentilesAreThoseOfTheCatalogue) {
  const std::vector<double> values = {2, 5, kNan, 2, 7, 2, std::numeric_limits<double>::infinity(),
                                      0};
  const std::vector<CatalogScore> truth = RankScores(values, "mae");
  const MeasureColumn column(values);
  EXPECT_THAT(column.ranking(), ElementsAre(4, 1, 0, 3, 5, 7));
  for (std::size_t row = 0; row < values.size(); ++row) {
    EXPECT_EQ(column.value(row), truth[row].value);
    if (!truth[row].ranked()) continue;
    EXPECT_EQ(column.rank(row), truth[row].rank);
    EXPECT_EQ(column.percentile(row), truth[row].percentile);
  }
}

TEST(MeasureColumnTest, ASampleWithoutFiniteValuesRanksNothing) {
  const MeasureColumn column({kNan, kNan});
  EXPECT_TRUE(column.ranking().empty());
  EXPECT_FALSE(column.value(1).has_value());
}

TEST_F(MeasureTableTest, LineErrorsAreThePartsOfMaeAndSharesAddUpToOne) {
  const CatalogContent& catalog = engine_->snapshot().catalog();
  const MeasureTable table(catalog, 1);
  for (std::size_t row = 0; row < catalog.galaxies.size(); ++row) {
    double errors = 0, shares = 0;
    for (std::size_t line = 0; line < catalog.lines.size(); ++line) {
      const Scores& truth = ready_->scores[1][row];
      EXPECT_EQ(*table.column(Measure::kLineError, line).value(row), truth.line_shares[line]);
      errors += *table.column(Measure::kLineError, line).value(row);
      shares += *table.column(Measure::kLineShare, line).value(row);
    }
    EXPECT_NEAR(errors, *table.column(Measure::kMae, 0).value(row), 1e-12);
    EXPECT_NEAR(shares, 1, 1e-12);
  }
}

}  // namespace
}  // namespace peculiar
