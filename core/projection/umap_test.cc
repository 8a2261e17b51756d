#include "core/projection/umap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/projection/quality.h"
#include "tests/support/near_points.h"

namespace peculiar {
namespace {

using ::testing::HasSubstr;

UmapModel Fit(const TestPoints& points, const UmapOptions& options = {}, int threads = 1) {
  const auto lists = NearestOthers(points.matrix(), 14);
  auto model = FitUmap(points.matrix(), lists, options, threads);
  EXPECT_TRUE(model.ok()) << model.status();
  return *std::move(model);
}

std::string ErrorOf(const TestPoints& points, const std::vector<NeighborList>& lists,
                    const UmapOptions& options = {}) {
  const auto model = FitUmap(points.matrix(), lists, options, 1);
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(MessageOf(model.status()));
}

void ExpectFinite(const UmapModel& model) {
  for (const float value : model.coordinates.values) EXPECT_TRUE(std::isfinite(value));
}

TEST(UmapTest, KeepsClustersApart) {
  const TestPoints points = MakeClusters(300, 10, 5, 12, 1);
  const UmapModel model = Fit(points);
  const auto near = NearestOthers(model.coordinates.matrix(), 10);
  std::size_t same = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    for (const Neighbor& neighbor : near[i]) same += neighbor.row % 5 == i % 5;
  }
  EXPECT_EQ(same, 300 * 10u);
  EXPECT_GT(*Trustworthiness(points.matrix(), MeasuredRows(points.matrix().rows), near, 10, 1),
            0.95);
}

TEST(UmapTest, KeepsACircleClosed) {
  const TestPoints points = MakeCircle(240);
  const UmapModel model = Fit(points, {.n_components = 2});
  const auto near = NearestOthers(model.coordinates.matrix(), 10);
  EXPECT_GT(*Trustworthiness(points.matrix(), MeasuredRows(points.matrix().rows), near, 10, 1),
            0.98);
  // Neighbours on the circle stay close all the way around: nowhere is it cut.
  const auto& values = model.coordinates.values;
  double longest = 0;
  double widest = 0;
  for (std::size_t i = 0; i < 240; ++i) {
    const std::size_t next = (i + 1) % 240;
    const std::size_t across = (i + 120) % 240;
    const auto apart = [&](std::size_t j) {
      return std::hypot(values[2 * i] - values[2 * j], values[2 * i + 1] - values[2 * j + 1]);
    };
    longest = std::max<double>(longest, apart(next));
    widest = std::max<double>(widest, apart(across));
  }
  EXPECT_LT(longest, widest / 5);
}

TEST(UmapTest, SameBitsOnAnyNumberOfThreads) {
  const TestPoints points = MakeClusters(700, 6, 3, 4, 2);
  const UmapOptions options{.n_epochs = 60, .seed = 9};
  const UmapModel one = Fit(points, options, 1);
  EXPECT_EQ(one.coordinates.values, Fit(points, options, 1).coordinates.values);
  EXPECT_EQ(one.coordinates.values, Fit(points, options, 2).coordinates.values);
  EXPECT_EQ(one.coordinates.values, Fit(points, options, 3).coordinates.values);
}

TEST(UmapTest, AnotherSeedGivesOtherCoordinates) {
  const TestPoints points = MakeClusters(100, 6, 2, 4, 3);
  EXPECT_NE(Fit(points, {.seed = 1}).coordinates.values,
            Fit(points, {.seed = 2}).coordinates.values);
}

TEST(UmapTest, SaysWhatItUsed) {
  const UmapModel model = Fit(MakeClusters(40, 3, 1, 0, 4), {.n_components = 2});
  EXPECT_EQ(model.options.n_epochs, 500);
  EXPECT_NEAR(model.curve.a, 1.577, 1e-3);
  EXPECT_NEAR(model.curve.b, 0.895, 1e-3);
  EXPECT_EQ(model.coordinates.rows, 40u);
  EXPECT_EQ(model.coordinates.width, 2u);
}

TEST(UmapTest, PlacesNewPointsAmongTheirCluster) {
  const TestPoints all = MakeClusters(450, 10, 5, 12, 5);
  const Matrix fitted{all.values.data(), 400, 10};
  const Matrix added{all.values.data() + 4000, 50, 10};
  const auto model = FitUmap(fitted, NearestOthers(fitted, 14), {}, 1);
  ASSERT_TRUE(model.ok());
  const auto lists = NearestByScan(fitted, added, 15, SameSet::kNo);
  const auto placed = PlaceUmap(*model, lists, 2);
  ASSERT_TRUE(placed.ok()) << placed.status();
  const auto near = NearestByScan(model->coordinates.matrix(), placed->matrix(), 15, SameSet::kNo);
  for (std::size_t i = 0; i < 50; ++i) {
    for (const Neighbor& neighbor : near[i]) EXPECT_EQ(neighbor.row % 5, i % 5);
  }
  // Alone or among others, on one thread or two: the same place.
  const auto alone = PlaceUmap(*model, {lists[17]}, 1);
  ASSERT_TRUE(alone.ok());
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(alone->values[c], placed->values[17 * 3 + c]);
}

TEST(UmapTest, APointFittedTwiceIsPlacedNearItself) {
  const TestPoints points = MakeClusters(200, 5, 2, 8, 6);
  const UmapModel model = Fit(points);
  const auto placed =
      PlaceUmap(model, NearestByScan(points.matrix(), points.matrix(), 15, SameSet::kNo), 1);
  ASSERT_TRUE(placed.ok());
  double moved = 0;
  for (std::size_t k = 0; k < placed->values.size(); ++k) {
    moved += std::abs(placed->values[k] - model.coordinates.values[k]);
  }
  EXPECT_LT(moved / static_cast<double>(placed->values.size()), 0.5);
}

TEST(UmapTest, FewerPointsThanNeighborsIsNoError) {
  for (const std::size_t n : {2, 3, 4, 5, 9}) {
    const UmapModel model = Fit(MakeClusters(n, 4, 1, 0, 7));
    EXPECT_EQ(model.coordinates.rows, n);
    ExpectFinite(model);
  }
}

TEST(UmapTest, FewerAxesThanComponentsIsNoError) {
  const UmapModel model = Fit(MakeClusters(30, 1, 1, 0, 8), {.n_components = 3});
  EXPECT_EQ(model.coordinates.values.size(), 90u);
  ExpectFinite(model);
}

TEST(UmapTest, EqualPointsGiveFiniteCoordinates) {
  ExpectFinite(Fit({std::vector<float>(60 * 4, 2.5f), 4}));
}

TEST(UmapTest, RefusesBadPointsAndLists) {
  TestPoints points = MakeClusters(20, 3, 1, 0, 9);
  auto lists = NearestOthers(points.matrix(), 5);
  EXPECT_THAT(ErrorOf({{1, 2, 3}, 3}, {{}}), HasSubstr("1 point"));
  EXPECT_THAT(ErrorOf({{}, 3}, {}), HasSubstr("0 x 3"));
  EXPECT_THAT(ErrorOf(points, {}), HasSubstr("0 neighbour lists for 20 points"));
  lists[4][2].row = 4;
  EXPECT_THAT(ErrorOf(points, lists), HasSubstr("UMAP: point 4 is its own neighbour"));
  points.values[17] = NAN;
  EXPECT_THAT(ErrorOf(points, lists), HasSubstr("row 5"));
}

TEST(UmapTest, RefusesOptionsOutOfRange) {
  const TestPoints points = MakeClusters(20, 3, 1, 0, 10);
  const auto lists = NearestOthers(points.matrix(), 5);
  EXPECT_THAT(ErrorOf(points, lists, {.n_neighbors = 1}), HasSubstr("n_neighbors is 1"));
  EXPECT_THAT(ErrorOf(points, lists, {.n_components = 0}), HasSubstr("n_components is 0"));
  EXPECT_THAT(ErrorOf(points, lists, {.n_components = 9}), HasSubstr("n_components is 9"));
  EXPECT_THAT(ErrorOf(points, lists, {.min_dist = 2}), HasSubstr("min_dist 2"));
  EXPECT_THAT(ErrorOf(points, lists, {.n_epochs = -1}), HasSubstr("n_epochs is -1"));
  EXPECT_THAT(ErrorOf(points, lists, {.negative_sample_rate = -1}), HasSubstr("rate is -1"));
}

TEST(UmapTest, RefusesToPlaceByAWrongListOrModel) {
  UmapModel model = Fit(MakeClusters(40, 3, 1, 0, 11));
  const std::vector<NeighborList> good = {{{3, 0.5}, {7, 0.6}}};
  EXPECT_TRUE(PlaceUmap(model, good, 1).ok());
  EXPECT_FALSE(PlaceUmap(model, {}, 1).ok());
  EXPECT_FALSE(PlaceUmap(model, {{}}, 1).ok());
  EXPECT_FALSE(PlaceUmap(model, {{{40, 0.5}}}, 1).ok());
  model.coordinates.values.pop_back();
  EXPECT_FALSE(PlaceUmap(model, good, 1).ok());
}

}  // namespace
}  // namespace peculiar
