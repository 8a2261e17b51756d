#include "core/train/optimiser.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

constexpr double kRate = 0.01;

Optimiser::Parameters MakeParameters() {
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  torch::Tensor a = torch::tensor({1.0, -2.0}, options).requires_grad_();
  torch::Tensor b = torch::tensor({0.5}, options).requires_grad_();
  return {{"a", a}, {"b", b}};
}

void SetGradients(Optimiser::Parameters& parameters, double a0, double a1, double b0) {
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  parameters[0].second.mutable_grad() = torch::tensor({a0, a1}, options);
  parameters[1].second.mutable_grad() = torch::tensor({b0}, options);
}

TEST(OptimiserTest, AdagradFollowsKerasFormula) {
  Optimiser::Parameters parameters = MakeParameters();
  Optimiser optimiser(OptimiserKind::kAdagrad, parameters);
  double weight = -2.0, accumulator = 0.1;
  for (const double gradient : {0.3, -0.7}) {
    SetGradients(parameters, 0, gradient, 1);
    optimiser.Step(kRate);
    accumulator += gradient * gradient;
    weight -= kRate * gradient / std::sqrt(accumulator + 1e-7);
  }
  EXPECT_NEAR(parameters[0].second[1].item<double>(), weight, 1e-14);
  EXPECT_EQ(parameters[0].second[0].item<double>(), 1.0);
}

TEST(OptimiserTest, AdamFollowsKerasFormula) {
  Optimiser::Parameters parameters = MakeParameters();
  Optimiser optimiser(OptimiserKind::kAdam, parameters);
  double weight = 0.5, m = 0, v = 0, t = 0;
  for (const double gradient : {0.3, -0.7, 0.1}) {
    SetGradients(parameters, 1, 1, gradient);
    optimiser.Step(kRate);
    ++t;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.999 * v + 0.001 * gradient * gradient;
    const double rate = kRate * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
    weight -= rate * m / (std::sqrt(v) + 1e-7);
  }
  EXPECT_NEAR(parameters[1].second[0].item<double>(), weight, 1e-14);
}

TEST(OptimiserTest, ScaleMultipliesGradients) {
  Optimiser::Parameters scaled = MakeParameters(), plain = MakeParameters();
  Optimiser first(OptimiserKind::kAdagrad, scaled);
  Optimiser second(OptimiserKind::kAdagrad, plain);
  SetGradients(scaled, 4, 8, -2);
  SetGradients(plain, 1, 2, -0.5);
  first.Step(kRate, 0.25);
  second.Step(kRate);
  EXPECT_TRUE(torch::equal(scaled[0].second, plain[0].second));
  EXPECT_TRUE(torch::equal(scaled[1].second, plain[1].second));
}

TEST(OptimiserTest, GradientNormSpansAllParameters) {
  Optimiser::Parameters parameters = MakeParameters();
  const Optimiser optimiser(OptimiserKind::kAdam, parameters);
  EXPECT_EQ(optimiser.GradientNorm(), 0);
  SetGradients(parameters, 2, 3, 6);
  EXPECT_DOUBLE_EQ(optimiser.GradientNorm(), 7);
  SetGradients(parameters, 2, NAN, 6);
  EXPECT_TRUE(std::isnan(optimiser.GradientNorm()));
}

// Writes the state of `optimiser` to a file and opens it.
TensorFile SaveToFile(const Optimiser& optimiser) {
  const auto path = TestFolder() / "optimiser.safetensors";
  TensorExport tensors;
  optimiser.Save(tensors);
  EXPECT_TRUE(WriteTensorFile(path, tensors.tensors()).ok());
  absl::StatusOr<TensorFile> file = TensorFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status();
  return *std::move(file);
}

TEST(OptimiserTest, LoadedStateGoesOnBitForBit) {
  for (const OptimiserKind kind : {OptimiserKind::kAdagrad, OptimiserKind::kAdam}) {
    Optimiser::Parameters parameters = MakeParameters();
    Optimiser optimiser(kind, parameters);
    SetGradients(parameters, 0.3, -0.1, 0.2);
    optimiser.Step(kRate);

    Optimiser::Parameters copies;
    for (const auto& [name, value] : parameters) {
      copies.emplace_back(name, value.detach().clone().requires_grad_());
    }
    Optimiser resumed(kind, copies);
    ASSERT_TRUE(resumed.Load(SaveToFile(optimiser), optimiser.steps()).ok());
    SetGradients(parameters, -0.2, 0.5, 0.1);
    SetGradients(copies, -0.2, 0.5, 0.1);
    optimiser.Step(kRate);
    resumed.Step(kRate);
    EXPECT_TRUE(torch::equal(parameters[0].second, copies[0].second)) << OptimiserName(kind);
    EXPECT_TRUE(torch::equal(parameters[1].second, copies[1].second)) << OptimiserName(kind);
  }
}

TEST(OptimiserTest, RefusesStateOfAnotherOptimiser) {
  const Optimiser adagrad(OptimiserKind::kAdagrad, MakeParameters());
  Optimiser adam(OptimiserKind::kAdam, MakeParameters());
  const absl::Status status = adam.Load(SaveToFile(adagrad), 5);
  EXPECT_NE(MessageOf(status).find("optimiser.a.first"), std::string_view::npos) << status;
  EXPECT_EQ(adam.steps(), 0);
}

TEST(OptimiserTest, NamesParseBothWays) {
  for (const OptimiserKind kind : {OptimiserKind::kAdagrad, OptimiserKind::kAdam}) {
    EXPECT_EQ(*ParseOptimiserName(OptimiserName(kind)), kind);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ParseOptimiserName("sgd").status()));
}

}  // namespace
}  // namespace peculiar
