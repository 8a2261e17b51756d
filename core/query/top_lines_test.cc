#include "core/query/top_lines.h"

#include <gtest/gtest.h>

namespace peculiar {
namespace {

TopLines Of(std::vector<std::optional<double>> shares) {
  CatalogContent content;
  content.scores.resize(1);
  content.scores[0].emplace_back().line_shares = std::move(shares);
  return {content, 0};
}

TEST(TopLinesTest, IsTheFirstOfTheLargest) {
  const auto top = Of({0.5, 2.0, 1.0, 2.0}).of(0);
  ASSERT_TRUE(top.has_value());
  EXPECT_EQ(top->line, 1u);
  EXPECT_EQ(top->value, 2.0);
}

TEST(TopLinesTest, IsFoundAmongZeros) {
  const auto top = Of({0.0, 0.0}).of(0);
  ASSERT_TRUE(top.has_value());
  EXPECT_EQ(top->line, 0u);
}

TEST(TopLinesTest, IsAbsentWithoutLinesOrWhenOneIsUnknown) {
  EXPECT_FALSE(Of({}).of(0).has_value());
  EXPECT_FALSE(Of({1.0, std::nullopt, 3.0}).of(0).has_value());
}

}  // namespace
}  // namespace peculiar
