#include "core/feedback/relevance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/random.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

// n rows of d normal numbers; every fourth row is interesting: its first column is moved by
// `distance` standard deviations.
struct PlantedOptions {
  std::size_t rows = 400;
  std::size_t width = 6;
  double distance = 4;
};

class Planted {
 public:
  explicit Planted(const PlantedOptions& options = {}) : width_(options.width) {
    Random random(7);
    for (std::size_t i = 0; i < options.rows * width_; ++i) {
      const bool moved = i % width_ == 0 && IsInteresting(i / width_);
      values.push_back(static_cast<float>(random.Normal() + (moved ? options.distance : 0)));
    }
  }
  static bool IsInteresting(std::size_t row) { return row % 4 == 0; }
  Matrix matrix() const { return {values.data(), values.size() / width_, width_}; }
  // The first n rows of either verdict.
  static std::vector<RowLabel> Labels(std::size_t interesting, std::size_t others) {
    std::vector<RowLabel> labels;
    for (std::size_t i = 0; i < interesting; ++i) labels.push_back({4 * i, true});
    for (std::size_t i = 0; i < others; ++i) labels.push_back({4 * i + 1, false});
    return labels;
  }

  std::vector<float> values;

 private:
  std::size_t width_;
};

// Area under the ROC curve of the unlabelled rows; the first 80 hold all labels.
double UnlabelledArea(const std::vector<double>& values) {
  double wins = 0, pairs = 0;
  for (std::size_t i = 80; i < values.size(); ++i) {
    for (std::size_t j = 80; j < values.size(); ++j) {
      if (!Planted::IsInteresting(i) || Planted::IsInteresting(j)) continue;
      wins += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
      ++pairs;
    }
  }
  return wins / pairs;
}

std::string ErrorOf(Matrix matrix, const std::vector<RowLabel>& labels, absl::StatusCode code) {
  const auto fit = FitRelevance(matrix, labels);
  EXPECT_EQ(fit.status().code(), code) << fit.status();
  return std::string(MessageOf(fit.status()));
}

TEST(RelevanceTest, FindsAPlantedClassFromTwentyLabels) {
  const Planted planted;
  const auto fit = FitRelevance(planted.matrix(), Planted::Labels(10, 10));
  ASSERT_TRUE(fit.ok()) << fit.status();
  ASSERT_EQ(fit->values.size(), 400u);
  // 4 sigma in one column: the area of the perfect score, that column alone, is 0.998.
  EXPECT_GT(UnlabelledArea(fit->values), 0.97);
  for (const double value : fit->values) {
    EXPECT_GE(value, 0);
    EXPECT_LE(value, 1);
  }
  EXPECT_EQ(fit->facts.interesting, 10u);
  EXPECT_EQ(fit->facts.not_interesting, 10u);
  EXPECT_EQ(fit->facts.features, 6u);
  ASSERT_TRUE(fit->facts.cross_validation.has_value());
  EXPECT_GT(fit->facts.cross_validation->auc, 0.8);
  EXPECT_LT(fit->facts.cross_validation->log_loss, std::log(2.0));
}

TEST(RelevanceTest, WithoutStructureTheEstimatePromisesNothing) {
  const Planted noise({.distance = 0});
  const auto fit = FitRelevance(noise.matrix(), Planted::Labels(20, 20));
  ASSERT_TRUE(fit.ok()) << fit.status();
  const CrossValidation& validation = *fit->facts.cross_validation;
  EXPECT_LT(validation.auc, 0.5 + 2 * validation.auc_error);  // it may fall below 1/2
  EXPECT_NEAR(validation.log_loss, std::log(2.0), 0.1);
  EXPECT_NEAR(UnlabelledArea(fit->values), 0.5, 0.1);
}

TEST(RelevanceTest, SameInputSameBitsWhateverTheOrderOfLabels) {
  const Planted planted({.distance = 1.5});
  std::vector<RowLabel> labels = Planted::Labels(12, 17);
  const auto one = FitRelevance(planted.matrix(), labels);
  std::reverse(labels.begin(), labels.end());
  const auto two = FitRelevance(planted.matrix(), labels);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(std::memcmp(one->values.data(), two->values.data(), 400 * sizeof(double)), 0);
  EXPECT_EQ(one->facts.log_evidence, two->facts.log_evidence);
  EXPECT_EQ(one->facts.cross_validation->auc, two->facts.cross_validation->auc);
}

TEST(RelevanceTest, ScaleOfAColumnAndConstantColumnsDoNotMatter) {
  const Planted planted;
  std::vector<float> scaled;
  for (std::size_t i = 0; i < 400; ++i) {
    const auto row = planted.matrix().row(i);
    scaled.push_back(5);
    for (const float value : row) scaled.push_back(value * 1024);
    scaled.push_back(0);
  }
  const auto one = FitRelevance(planted.matrix(), Planted::Labels(10, 10));
  const auto two = FitRelevance({scaled.data(), 400, 8}, Planted::Labels(10, 10));
  ASSERT_TRUE(one.ok() && two.ok()) << two.status();
  EXPECT_EQ(two->facts.features, 6u);
  for (std::size_t i = 0; i < 400; ++i) EXPECT_NEAR(one->values[i], two->values[i], 1e-9);
  const std::vector<float> constant(400, 0.1f);
  EXPECT_THAT(ErrorOf({constant.data(), 400, 1}, Planted::Labels(5, 5),
                      absl::StatusCode::kFailedPrecondition),
              HasSubstr("the same in all 1 columns"));
}

TEST(RelevanceTest, EqualEmbeddingsHaveEqualRelevanceEvenWithBothVerdicts) {
  Planted planted;
  for (std::size_t column = 0; column < 6; ++column) {  // rows 0 (yes), 1 (no) and 100
    planted.values[6 + column] = planted.values[600 + column] = planted.values[column];
  }
  const auto fit = FitRelevance(planted.matrix(), Planted::Labels(6, 6));
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_EQ(fit->values[0], fit->values[1]);
  EXPECT_EQ(fit->values[0], fit->values[100]);
}

TEST(RelevanceTest, RefusesTooFewLabelsAndSaysHowManyThereAre) {
  const Planted planted;
  EXPECT_THAT(
      ErrorOf(planted.matrix(), Planted::Labels(4, 30), absl::StatusCode::kFailedPrecondition),
      HasSubstr("4 galaxies are labelled interesting and 30 not, at least 5 of each"));
  EXPECT_THAT(
      ErrorOf(planted.matrix(), Planted::Labels(30, 0), absl::StatusCode::kFailedPrecondition),
      HasSubstr("30 galaxies are labelled interesting and 0 not"));
  const auto fit = FitRelevance(planted.matrix(), Planted::Labels(5, 5));
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_FALSE(fit->facts.cross_validation.has_value());  // too few to say how good it is
}

TEST(RelevanceTest, RefusesWhatIsNotFiniteOrNotThere) {
  Planted planted;
  EXPECT_THAT(ErrorOf(planted.matrix(), {{400, true}}, absl::StatusCode::kInvalidArgument),
              HasSubstr("a label of row 400, there are 400"));
  EXPECT_THAT(ErrorOf(planted.matrix(), {{3, true}, {3, true}}, absl::StatusCode::kInvalidArgument),
              HasSubstr("row 3 is labelled twice"));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    planted.values[6 * 123 + 2] = bad;
    EXPECT_THAT(
        ErrorOf(planted.matrix(), Planted::Labels(5, 5), absl::StatusCode::kInvalidArgument),
        HasSubstr("row 123 of the features"));
  }
}

}  // namespace
}  // namespace peculiar
