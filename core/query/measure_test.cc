#include "core/query/measure.h"

#include <gtest/gtest.h>

#include "tests/support/ready_engine.h"

namespace peculiar {
namespace {

using MeasureTableTest = testing::ReadyEngineTest;

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
