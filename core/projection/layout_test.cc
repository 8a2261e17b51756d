#include "core/projection/layout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/projection/force_table.h"

namespace peculiar {
namespace {

const SimilarityCurve kCurve = {1.577, 0.895};

SparseGraph MakePair(float weight) { return {{0, 1, 2}, {1, 0}, {weight, weight}}; }

double Apart(const std::vector<float>& coordinates) {
  return std::hypot(coordinates[0] - coordinates[3], coordinates[1] - coordinates[4],
                    coordinates[2] - coordinates[5]);
}

TEST(ForceTableTest, IsTheFormulaToFourDigits) {
  const ForceTable table(kCurve);
  const double a = kCurve.a;
  const double b = kCurve.b;
  for (double d2 = 1e-8; d2 < 1e8; d2 *= 1.0137) {
    const double pull = -2 * a * b * std::pow(d2, b - 1) / (1 + a * std::pow(d2, b));
    const double push = 2 * b / ((0.001 + d2) * (1 + a * std::pow(d2, b)));
    EXPECT_NEAR(table.Attraction(static_cast<float>(d2)) / pull, 1, 3e-4) << d2;
    EXPECT_NEAR(table.Repulsion(static_cast<float>(d2)) / push, 1, 3e-4) << d2;
  }
}

TEST(ForceTableTest, IsFiniteEverywhere) {
  const ForceTable table(kCurve);
  for (const float d2 : {0.0f, 1e-40f, 1e-20f, 1e20f, INFINITY}) {
    EXPECT_TRUE(std::isfinite(table.Attraction(d2)));
    EXPECT_TRUE(std::isfinite(table.Repulsion(d2)));
  }
}

TEST(LayoutTest, AnEdgePullsItsEndsTogetherAlikeAndKeepsTheirCentre) {
  std::vector<float> coordinates = {-3, 0, 1, 5, 0, 1};
  const LayoutOptions options{200, 0, kCurve, 1, 1};
  ASSERT_TRUE(OptimizeLayout(MakePair(1), options, 3, coordinates).ok());
  EXPECT_LT(Apart(coordinates), 0.5);
  EXPECT_NEAR(coordinates[0] + coordinates[3], 2, 1e-4);
  EXPECT_NEAR(coordinates[1], 0, 1e-6);
  EXPECT_NEAR(coordinates[2], 1, 1e-6);
}

TEST(LayoutTest, RandomPointsPushApart) {
  std::vector<float> coordinates = {0, 0, 0, 0.01f, 0, 0};
  ASSERT_TRUE(OptimizeLayout(MakePair(1), {200, 5, kCurve, 1, 1}, 3, coordinates).ok());
  EXPECT_GT(Apart(coordinates), 0.2);
  EXPECT_LT(Apart(coordinates), 20);
}

TEST(LayoutTest, UnusedAxesStayUnmoved) {
  for (const std::size_t width : {1, 2, 3, 4, 5, 8}) {
    std::vector<float> coordinates(2 * width, 0.5f);
    coordinates[0] = 3;
    ASSERT_TRUE(OptimizeLayout(MakePair(1), {50, 5, kCurve, 1, 1}, width, coordinates).ok());
    for (std::size_t c = 1; c < width; ++c) EXPECT_EQ(coordinates[c], 0.5f);
    EXPECT_NE(coordinates[0], 3);
  }
}

TEST(LayoutTest, EdgesTooWeakForATurnDoNotPull) {
  // 0 and 1 are bound; the weak edge from 1 to 2 has no turn in 10 epochs.
  const SparseGraph graph{{0, 1, 3, 4}, {1, 0, 2, 1}, {1, 1, 0.05f, 0.05f}};
  std::vector<float> coordinates = {0, 1, 9};
  ASSERT_TRUE(OptimizeLayout(graph, {10, 0, kCurve, 1, 1}, 1, coordinates).ok());
  EXPECT_EQ(coordinates[2], 9);
}

TEST(LayoutTest, PlacedPointsStayAndPull) {
  const std::vector<float> placed = {0, 0, 0, 4, 4, 4};
  const SparseGraph graph{{0, 1}, {1}, {0.3f}};
  std::vector<float> coordinates = {1, 1, 1};
  ASSERT_TRUE(PlaceLayout(graph, {placed.data(), 2, 3}, {100, 0, kCurve, 1, 1}, coordinates).ok());
  for (const float value : coordinates) EXPECT_NEAR(value, 4, 0.3);
}

}  // namespace
}  // namespace peculiar
