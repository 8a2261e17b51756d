#include "core/projection/fuzzy_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/near_points.h"

namespace peculiar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::vector<NeighborList>& lists, std::size_t n,
                    ListsOf lists_of = ListsOf::kTheSamePoints) {
  return std::string(MessageOf(CheckNeighborLists(lists, n, lists_of)));
}

TEST(FuzzyGraphTest, UnitesTheMembershipsOfBothEnds) {
  // 0 and 1 name each other (p = exp(-1), exp(-2)), 2 names 0 (p = 1).
  const std::vector<NeighborList> lists = {{{1, 1.0}}, {{0, 2.0}}, {{0, 0.5}}};
  const SparseGraph graph = BuildFuzzyGraph(lists, {{0, 0, 0.5}, {1, 1, 1}});
  EXPECT_THAT(graph.begin, ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(graph.column, ElementsAre(1, 2, 0, 0));
  const double p = std::exp(-1);
  const double q = std::exp(-2);
  EXPECT_NEAR(graph.weight[0], p + q - p * q, 1e-7);
  EXPECT_EQ(graph.weight[1], 1);
  EXPECT_EQ(graph.weight[2], graph.weight[0]);
  EXPECT_EQ(graph.weight[3], 1);
}

TEST(FuzzyGraphTest, LeavesOutZeros) {
  const std::vector<NeighborList> lists = {{{1, 1.0}, {2, 1e6}}, {{0, 1.0}}, {{1, 1.0}}};
  const SparseGraph graph = BuildFuzzyGraph(lists, {{1, 1, 1}, {1, 1, 1}});
  EXPECT_THAT(graph.column, ElementsAre(1, 0, 2, 1));
}

TEST(FuzzyGraphTest, IsSymmetricToTheLastBit) {
  const TestPoints points = MakeClusters(60, 4, 1, 0, 3);
  const auto lists = NearestOthers(points.matrix(), 6);
  const SparseGraph graph = BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
  std::vector<float> dense(60 * 60);
  for (std::size_t i = 0; i < 60; ++i) {
    for (std::size_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) {
      dense[i * 60 + graph.column[e]] = graph.weight[e];
    }
  }
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(dense[i * 60 + i], 0);
    for (std::size_t j = 0; j < i; ++j) EXPECT_EQ(dense[i * 60 + j], dense[j * 60 + i]);
  }
}

TEST(FuzzyGraphTest, ComponentsAreNumberedByTheirFirstRow) {
  const std::vector<NeighborList> lists = {{{2, 1.0}}, {{3, 1.0}}, {{0, 1.0}}, {{1, 1.0}}};
  const SparseGraph graph = BuildFuzzyGraph(lists, SmoothNeighborDistances(lists));
  EXPECT_THAT(ConnectedComponents(graph), ElementsAre(0, 1, 0, 1));
}

TEST(FuzzyGraphTest, AWrongListNamesItsPoint) {
  EXPECT_THAT(ErrorOf({{{1, 1.0}}, {}}, 2), HasSubstr("point 1 has no neighbours"));
  EXPECT_THAT(ErrorOf({{{1, 1.0}}, {{2, 1.0}}}, 2), HasSubstr("point 1: neighbour 2"));
  EXPECT_THAT(ErrorOf({{{0, 0.0}}, {{0, 1.0}}}, 2), HasSubstr("point 0 is its own neighbour"));
  EXPECT_THAT(ErrorOf({{{1, 2.0}, {2, 1.0}}}, 3), HasSubstr("distance 1 after 2"));
  EXPECT_THAT(ErrorOf({{{1, NAN}}}, 3), HasSubstr("point 0: distance nan"));
  EXPECT_THAT(ErrorOf({{{1, -1.0}}}, 3), HasSubstr("distance -1"));
  EXPECT_THAT(ErrorOf({{{1, 1.0}, {1, 2.0}}}, 3), HasSubstr("neighbour 1 twice"));
  EXPECT_EQ(ErrorOf({{{0, 0.0}}}, 1, ListsOf::kNewPoints), "");
}

}  // namespace
}  // namespace peculiar
