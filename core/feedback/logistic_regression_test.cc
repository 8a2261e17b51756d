#include "core/feedback/logistic_regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace peculiar {
namespace {

Points OnALine(std::vector<double> values) { return {.values = std::move(values), .width = 1}; }

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(LogisticRegressionTest, OnePointAgreesWithTheClosedForm) {
  // At x = 2 the function's value f has prior variance s = 1 + 3 x^2 = 13 (constant and weight).
  // Its mode solves f = s (1 - sigmoid(f)); the evidence is ln sigmoid(f) - f^2 / 2 s - ln(1 + s w)
  // / 2 with w = sigmoid(f) (1 - sigmoid(f)).
  const double s = 13;
  const LogisticRegression fit = LogisticRegression::Fit(OnALine({2}), {true}, 3);
  double f = 0;
  for (int i = 0; i < 500; ++i) f = 0.8 * f + 0.2 * s * (1 - Sigmoid(f));
  ASSERT_NEAR(f, s * (1 - Sigmoid(f)), 1e-12);
  const double w = Sigmoid(f) * (1 - Sigmoid(f));
  EXPECT_NEAR(fit.log_evidence(),
              std::log(Sigmoid(f)) - f * f / (2 * s) - 0.5 * std::log(1 + s * w), 1e-8);
  // At x = -1 the prior covariance with the value at 2 is 1 - 3 * 2 = -5, the variance 1 + 3 = 4.
  const double mean = -5 * (1 - Sigmoid(f));
  const double variance = 4 - 25 / (s + 1 / w);
  EXPECT_NEAR(fit.Probability(std::vector<double>{-1}),
              Sigmoid(mean / std::sqrt(1 + std::numbers::pi * variance / 8)), 1e-6);
}

TEST(LogisticRegressionTest, IsSymmetricInVerdicts) {
  const LogisticRegression fit =
      LogisticRegression::Fit(OnALine({-2, -1, 1, 2}), {false, false, true, true}, 10);
  const double at_one = fit.Probability(std::vector<double>{1});
  EXPECT_GT(at_one, 0.7);
  EXPECT_NEAR(at_one + fit.Probability(std::vector<double>{-1}), 1, 1e-9);
  EXPECT_NEAR(fit.Probability(std::vector<double>{0}), 0.5, 1e-9);
}

TEST(LogisticRegressionTest, WhatWasNeverSeenIsLessCertain) {
  // The second column is 0 in all points: nothing is known of its weight.
  const Points points{.values = {-2, 0, -1, 0, 1, 0, 2, 0}, .width = 2};
  const LogisticRegression fit = LogisticRegression::Fit(points, {false, false, true, true}, 10);
  const double seen = fit.Probability(std::vector<double>{2, 0});
  const double unseen = fit.Probability(std::vector<double>{2, 5});
  EXPECT_GT(seen, unseen);
  EXPECT_GT(unseen, 0.5);
}

TEST(LogisticRegressionTest, EvidencePrefersAWidePriorForClearVerdictsAndANarrowOneForNoise) {
  std::vector<double> values;
  std::vector<bool> clear, noise;
  for (int i = 0; i < 40; ++i) {
    values.push_back((i - 19.5) / 10);
    clear.push_back(i >= 20);
    noise.push_back(i % 2 == 0);
  }
  const auto evidence = [&](const std::vector<bool>& verdicts, double prior_variance) {
    return LogisticRegression::Fit(OnALine(values), verdicts, prior_variance).log_evidence();
  };
  EXPECT_GT(evidence(clear, 30), evidence(clear, 0.1));
  EXPECT_GT(evidence(noise, 0.1), evidence(noise, 30));
}

TEST(LogisticRegressionTest, StaysFiniteWithRepeatedAndFarPointsAndExtremePriors) {
  const Points points = OnALine({1, 1, 1, 2, 2, 1e6});
  const std::vector<bool> verdicts = {true, false, true, true, true, false};
  for (const double prior_variance : {1e-8, 1.0, 1e8}) {
    const LogisticRegression fit = LogisticRegression::Fit(points, verdicts, prior_variance);
    EXPECT_TRUE(std::isfinite(fit.log_evidence())) << prior_variance;
    const double probability = fit.Probability(std::vector<double>{1.5});
    EXPECT_GE(probability, 0);
    EXPECT_LE(probability, 1);
  }
}

}  // namespace
}  // namespace peculiar
