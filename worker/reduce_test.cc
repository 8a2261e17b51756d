#include "worker/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/random.h"

namespace peculiar::worker {
namespace {

constexpr std::size_t kWidth = 6;

std::vector<float> Points(std::size_t n) {
  Random random(3);
  std::vector<float> values(n * kWidth);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(random.Normal() / static_cast<double>(1 + i % kWidth));
  }
  return values;
}

std::vector<SpaceCoordinates> Reduce(const std::vector<float>& values, int threads = 1) {
  ReduceOptions options;
  options.threads = threads;
  const auto spaces = ReduceEmbeddings({values.data(), values.size() / kWidth, kWidth}, options);
  EXPECT_TRUE(spaces.ok()) << spaces.status();
  return spaces.ok() ? *spaces : std::vector<SpaceCoordinates>();
}

bool IsFinite(const SpaceCoordinates& space, std::size_t row) {
  return std::all_of(space.values.begin() + static_cast<std::ptrdiff_t>(row * space.width),
                     space.values.begin() + static_cast<std::ptrdiff_t>((row + 1) * space.width),
                     [](float value) { return std::isfinite(value); });
}

TEST(ReduceTest, PcaExplainsAllAndUmapKeepsNeighbours) {
  const std::vector<SpaceCoordinates> spaces = Reduce(Points(120));
  ASSERT_EQ(spaces.size(), 2u);
  EXPECT_EQ(spaces[0].name, "pca");
  EXPECT_EQ(spaces[0].width, kWidth);  // all, for there are fewer than 50
  EXPECT_NEAR(std::accumulate(spaces[0].explained_variance.begin(),
                              spaces[0].explained_variance.end(), 0.0),
              1, 1e-9);
  EXPECT_NEAR(*spaces[0].trustworthiness, 1, 1e-3);
  EXPECT_EQ(spaces[1].name, "umap");
  EXPECT_EQ(spaces[1].width, 3u);
  EXPECT_TRUE(spaces[1].explained_variance.empty());
  EXPECT_GT(*spaces[1].trustworthiness, 0.85);
  EXPECT_GT(*spaces[1].continuity, 0.85);
}

TEST(ReduceTest, TheBitsDoNotDependOnThreads) {
  const std::vector<float> points = Points(150);
  EXPECT_EQ(Reduce(points, 1)[1].values, Reduce(points, 3)[1].values);
}

TEST(ReduceTest, AGalaxyThatIsNotFiniteHasNoPlaceAndMovesNoOther) {
  std::vector<float> points = Points(60);
  const std::vector<float> clean = points;
  const std::vector<float> odd(kWidth, std::numeric_limits<float>::quiet_NaN());
  points.insert(points.begin() + 7 * kWidth, odd.begin(), odd.end());
  const auto with = Reduce(points), without = Reduce(clean);
  for (std::size_t space = 0; space < 2; ++space) {
    EXPECT_FALSE(IsFinite(with[space], 7));
    EXPECT_TRUE(IsFinite(with[space], 8));
    const std::size_t width = with[space].width;
    EXPECT_TRUE(std::equal(without[space].values.begin() + static_cast<std::ptrdiff_t>(7 * width),
                           without[space].values.end(),
                           with[space].values.begin() + static_cast<std::ptrdiff_t>(8 * width)));
  }
}

TEST(ReduceTest, FewerGalaxiesThanNeighboursArePlaced) {
  for (const std::size_t n : {2, 3, 5, 14}) {
    const std::vector<SpaceCoordinates> spaces = Reduce(Points(n));
    ASSERT_EQ(spaces.size(), 2u) << n;
    EXPECT_EQ(spaces[0].width, std::min(n, kWidth));
    for (std::size_t row = 0; row < n; ++row) EXPECT_TRUE(IsFinite(spaces[1], row)) << n;
    EXPECT_EQ(spaces[1].trustworthiness.has_value(), n >= 5);
  }
}

TEST(ReduceTest, OneGalaxyIsNearNobody) {
  EXPECT_TRUE(Reduce(Points(1)).empty());
  EXPECT_TRUE(Reduce({}).empty());
}

TEST(ReduceTest, EqualEmbeddingsHavePlacesWithoutVariance) {
  const std::vector<SpaceCoordinates> spaces = Reduce(std::vector<float>(20 * kWidth, 0.5F));
  ASSERT_EQ(spaces.size(), 2u);
  for (const double ratio : spaces[0].explained_variance) EXPECT_EQ(ratio, 0);
  for (std::size_t row = 0; row < 20; ++row) EXPECT_TRUE(IsFinite(spaces[1], row));
}

}  // namespace
}  // namespace peculiar::worker
