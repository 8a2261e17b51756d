#include "core/projection/start.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/projection/spectral_start.h"
#include "tests/support/near_points.h"

namespace peculiar {
namespace {

// A chain of n points, each bound to the next.
SparseGraph MakeChain(std::size_t n) {
  SparseGraph graph;
  for (std::size_t i = 0; i < n; ++i) {
    if (i > 0) graph.column.push_back(static_cast<std::uint32_t>(i - 1));
    if (i + 1 < n) graph.column.push_back(static_cast<std::uint32_t>(i + 1));
    graph.begin.push_back(graph.column.size());
  }
  graph.weight.assign(graph.column.size(), 1);
  return graph;
}

TEST(SpectralStartTest, AChainHasTheEigenvectorsOfTheClosedForm) {
  // Normalised by degree they are cos(pi m i / (n - 1)), m = 1, 2; the ends have degree 1.
  constexpr std::size_t kPoints = 100;
  const auto start = SpectralStart(MakeChain(kPoints), 2);
  ASSERT_TRUE(start.has_value());
  for (std::size_t m = 1; m <= 2; ++m) {
    const double scale = (*start)[2 + m - 1] / std::cos(M_PI * m / (kPoints - 1));
    EXPECT_NEAR(std::abs(scale), std::sqrt(2.0 / (kPoints - 1)), 1e-4);
    for (std::size_t i = 1; i + 1 < kPoints; ++i) {
      EXPECT_NEAR((*start)[2 * i + m - 1], scale * std::cos(M_PI * m * i / (kPoints - 1)), 1e-4);
    }
  }
}

TEST(SpectralStartTest, IsTheSameEachTime) {
  EXPECT_EQ(SpectralStart(MakeChain(90), 3), SpectralStart(MakeChain(90), 3));
}

TEST(SpectralStartTest, TooFewPointsGiveNothing) {
  EXPECT_FALSE(SpectralStart(MakeChain(4), 3).has_value());
}

TEST(StartTest, FillsTheExtentOfEveryAxis) {
  const TestPoints points = MakeClusters(80, 5, 1, 0, 1);
  const auto lists = NearestOthers(points.matrix(), 10);
  const SparseGraph graph = BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
  const auto start = StartLayout(points.matrix(), graph, 3, 1);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->parts, 1u);
  EXPECT_EQ(start->spectral_parts, 1u);
  for (std::size_t c = 0; c < 3; ++c) {
    float low = 100;
    float high = -100;
    for (std::size_t i = c; i < start->coordinates.size(); i += 3) {
      low = std::min(low, start->coordinates[i]);
      high = std::max(high, start->coordinates[i]);
    }
    EXPECT_NEAR(low, 0, 1e-3);
    EXPECT_NEAR(high, 10, 1e-3);
  }
}

TEST(StartTest, PartsDoNotOverlap) {
  const TestPoints points = MakeClusters(90, 5, 3, 100, 2);
  const auto lists = NearestOthers(points.matrix(), 5);
  const SparseGraph graph = BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
  const auto start = StartLayout(points.matrix(), graph, 2, 1);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->parts, 3u);
  const auto near = NearestOthers({start->coordinates.data(), 90, 2}, 3);
  for (std::size_t i = 0; i < 90; ++i) {
    for (const Neighbor& neighbor : near[i]) EXPECT_EQ(neighbor.row % 3, i % 3);
  }
}

TEST(StartTest, PartsAroundOneCentreKeepTheirExtent) {
  TestPoints points{{}, 1};
  for (const float place : {-9.f, -8.f, -1.f, 0.f, 1.f, 8.f, 9.f}) points.values.push_back(place);
  const std::vector<NeighborList> lists = {{{6, 1.0}}, {{5, 1.0}}, {{3, 1.0}}, {{2, 1.0}},
                                           {{3, 1.0}}, {{1, 1.0}}, {{0, 1.0}}};
  const SparseGraph graph = BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
  const auto start = StartLayout(points.matrix(), graph, 1, 1);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->parts, 3u);  // all with their centre at 0
  EXPECT_GT(std::abs(start->coordinates[0] - start->coordinates[6]), 5);
  EXPECT_GT(std::abs(start->coordinates[2] - start->coordinates[4]), 5);
}

TEST(StartTest, TheSeedKeysTheJitter) {
  const TestPoints points = MakeCircle(30);
  const auto lists = NearestOthers(points.matrix(), 4);
  const SparseGraph graph = BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
  const auto one = StartLayout(points.matrix(), graph, 2, 1);
  const auto two = StartLayout(points.matrix(), graph, 2, 2);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->coordinates, two->coordinates);
  for (std::size_t k = 0; k < one->coordinates.size(); ++k) {
    EXPECT_NEAR(one->coordinates[k], two->coordinates[k], 2e-3);
  }
}

}  // namespace
}  // namespace peculiar
