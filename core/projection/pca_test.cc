#include "core/projection/pca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"

namespace peculiar {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

PcaModel Fit(const std::vector<float>& values, std::size_t width, int n_components = 50) {
  auto model = FitPca({values.data(), values.size() / width, width}, {n_components});
  EXPECT_TRUE(model.ok()) << model.status();
  return *std::move(model);
}

std::vector<float> MakeNormal(std::size_t rows, std::size_t width, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(rows * width);
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

TEST(PcaTest, FindsTheAxesOfKnownVariances) {
  // Corners of a rectangle: deviations +-3 along (0.6, 0.8), +-1 across, mean (10, -5).
  std::vector<float> values;
  for (const float s : {-3.0f, 3.0f}) {
    for (const float t : {-1.0f, 1.0f}) {
      values.push_back(10 + 0.6f * s - 0.8f * t);
      values.push_back(-5 + 0.8f * s + 0.6f * t);
    }
  }
  const PcaModel model = Fit(values, 2);
  EXPECT_NEAR(model.mean[0], 10, 1e-6);
  EXPECT_NEAR(model.mean[1], -5, 1e-6);
  EXPECT_NEAR(model.components[0], 0.6, 1e-6);
  EXPECT_NEAR(model.components[1], 0.8, 1e-6);
  EXPECT_NEAR(model.components[2], 0.8, 1e-6);  // the larger entry is the positive one
  EXPECT_NEAR(model.components[3], -0.6, 1e-6);
  EXPECT_NEAR(model.explained_variance[0], 4 * 9 / 3.0, 1e-5);
  EXPECT_NEAR(model.explained_variance[1], 4 * 1 / 3.0, 1e-5);
  EXPECT_NEAR(model.explained_variance_ratio[0], 0.9, 1e-6);
}

TEST(PcaTest, EqualMagnitudesTakeTheirSignFromTheLowestIndex) {
  const PcaModel model = Fit({1, -1, -1, 1}, 2, 1);
  EXPECT_NEAR(model.components[0], std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(model.components[1], -std::sqrt(0.5), 1e-12);
}

TEST(PcaTest, KeepsDistancesWhenAllComponentsAreKept) {
  const std::vector<float> values = MakeNormal(40, 7, 1);
  const PcaModel model = Fit(values, 7);
  ASSERT_EQ(model.n_components(), 7u);
  const auto out = TransformPca(model, {values.data(), 40, 7});
  ASSERT_TRUE(out.ok());
  double before = 0;
  double after = 0;
  for (int k = 0; k < 7; ++k) {
    before += std::pow(values[k] - values[7 * 9 + k], 2);
    after += std::pow(out->values[k] - out->values[7 * 9 + k], 2);
  }
  EXPECT_NEAR(before, after, 1e-4);
}

TEST(PcaTest, CoordinatesHaveTheExplainedVariance) {
  const std::vector<float> values = MakeNormal(100, 5, 2);
  const PcaModel model = Fit(values, 5, 3);
  const auto out = TransformPca(model, {values.data(), 100, 5});
  ASSERT_TRUE(out.ok());
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < 100; ++i) sum += std::pow(out->values[i * 3 + c], 2);
    EXPECT_NEAR(sum / 99, model.explained_variance[c], 1e-5);
  }
}

TEST(PcaTest, AtMostAsManyComponentsAsPointsOrWidth) {
  EXPECT_EQ(Fit(MakeNormal(3, 8, 3), 8).n_components(), 3u);
  EXPECT_EQ(Fit(MakeNormal(80, 60, 3), 60).n_components(), 50u);
  EXPECT_EQ(Fit(MakeNormal(9, 4, 3), 4).n_components(), 4u);
}

TEST(PcaTest, EqualPointsHaveNoVariance) {
  const std::vector<float> values(5 * 3, 2.5f);
  const PcaModel model = Fit(values, 3);
  EXPECT_THAT(model.explained_variance, Each(0.0));
  EXPECT_THAT(model.explained_variance_ratio, Each(0.0));
  const auto out = TransformPca(model, {values.data(), 5, 3});
  ASSERT_TRUE(out.ok());
  EXPECT_THAT(out->values, Each(0.0f));
}

TEST(PcaTest, ANewPointIsPlacedAlikeAloneAndAmongOthers) {
  const std::vector<float> values = MakeNormal(20, 6, 4);
  const PcaModel model = Fit(values, 6);
  const auto all = TransformPca(model, {values.data(), 20, 6});
  const auto one = TransformPca(model, {values.data() + 6 * 11, 1, 6});
  ASSERT_TRUE(all.ok() && one.ok());
  for (std::size_t c = 0; c < 6; ++c) EXPECT_EQ(one->values[c], all->values[6 * 11 + c]);
}

TEST(PcaTest, RefusesBadInput) {
  std::vector<float> values = MakeNormal(4, 2, 5);
  const PcaModel model = Fit(values, 2);
  EXPECT_EQ(FitPca({values.data(), 1, 2}, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FitPca({values.data(), 0, 2}, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FitPca({values.data(), 4, 2}, {0}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TransformPca(model, {values.data(), 2, 4}).status().code(),
            absl::StatusCode::kInvalidArgument);
  values[5] = NAN;
  EXPECT_THAT(std::string(FitPca({values.data(), 4, 2}, {}).status().message()),
              HasSubstr("row 2"));
  EXPECT_THAT(std::string(TransformPca(model, {values.data(), 4, 2}).status().message()),
              HasSubstr("row 2"));
}

TEST(PcaTest, PointsOnALineAreExplainedByNoMoreThanAll) {
  for (int seed = 1; seed <= 200; ++seed) {
    std::vector<float> values;
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 7; ++column) {
        values.push_back(static_cast<float>(std::sin(seed + column) * row / (1 + seed % 13)));
      }
    }
    const auto model = FitPca({values.data(), 3, 7}, {});
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_LE(model->explained_variance_ratio[0], 1);
    EXPECT_NEAR(model->explained_variance_ratio[0], 1, 1e-9);
  }
}

}  // namespace
}  // namespace peculiar
