#include "core/train/optimiser.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/model/graph_engine.h"
#include "core/train/optimised_steps_example.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

constexpr double kRate = 0.01;
constexpr double kNoClipping = std::numeric_limits<double>::infinity();

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

void Step(Optimiser& optimiser, double rate = kRate) {
  optimiser.Start(rate);
  optimiser.Update();
}

TEST(OptimiserTest, AdagradFollowsKerasFormula) {
  Optimiser::Parameters parameters = MakeParameters();
  Optimiser optimiser(OptimiserKind::kAdagrad, kNoClipping, parameters);
  double weight = -2.0, accumulator = 0.1;
  for (const double gradient : {0.3, -0.7}) {
    SetGradients(parameters, 0, gradient, 1);
    Step(optimiser);
    accumulator += gradient * gradient;
    weight -= kRate * gradient / std::sqrt(accumulator + 1e-7);
  }
  EXPECT_NEAR(parameters[0].second[1].item<double>(), weight, 1e-14);
  EXPECT_EQ(parameters[0].second[0].item<double>(), 1.0);
}

TEST(OptimiserTest, AdamFollowsKerasFormula) {
  Optimiser::Parameters parameters = MakeParameters();
  Optimiser optimiser(OptimiserKind::kAdam, kNoClipping, parameters);
  double weight = 0.5, m = 0, v = 0, t = 0;
  for (const double gradient : {0.3, -0.7, 0.1}) {
    SetGradients(parameters, 1, 1, gradient);
    Step(optimiser);
    ++t;
    m = 0.9 * m + 0.1 * gradient;
    v = 0.999 * v + 0.001 * gradient * gradient;
    const double rate = kRate * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
    weight -= rate * m / (std::sqrt(v) + 1e-7);
  }
  EXPECT_NEAR(parameters[1].second[0].item<double>(), weight, 1e-14);
}

TEST(OptimiserTest, GradientsAboveTheClipNormAreScaledDownToIt) {
  Optimiser::Parameters clipped = MakeParameters(), plain = MakeParameters();
  Optimiser first(OptimiserKind::kAdagrad, 7, clipped);
  Optimiser second(OptimiserKind::kAdagrad, kNoClipping, plain);
  for (const double scale : {4.0, 0.5}) {  // the norms are 28 and 3.5
    SetGradients(clipped, 2 * scale, 3 * scale, 6 * scale);
    const double kept = std::min(scale, 1.0);
    SetGradients(plain, 2 * kept, 3 * kept, 6 * kept);
    Step(first);
    Step(second);
    EXPECT_TRUE(torch::equal(clipped[0].second, plain[0].second)) << scale;
    EXPECT_TRUE(torch::equal(clipped[1].second, plain[1].second)) << scale;
  }
}

TEST(OptimiserTest, EachStepHasItsRate) {
  Optimiser::Parameters parameters = MakeParameters();
  Optimiser optimiser(OptimiserKind::kAdagrad, kNoClipping, parameters);
  double weight = 0.5, accumulator = 0.1;
  for (const double rate : {0.1, 0.0, 0.3}) {
    SetGradients(parameters, 0, 0, 2);
    Step(optimiser, rate);
    accumulator += 4;
    weight -= rate * 2 / std::sqrt(accumulator + 1e-7);
    EXPECT_NEAR(parameters[1].second[0].item<double>(), weight, 1e-14);
  }
  EXPECT_EQ(optimiser.steps(), 3);
}

TEST(OptimiserTest, GradientNormSpansAllParametersBeforeClipping) {
  Optimiser::Parameters parameters = MakeParameters();
  Optimiser optimiser(OptimiserKind::kAdam, 0.5, parameters);
  SetGradients(parameters, 2, 3, 6);
  Step(optimiser);
  EXPECT_DOUBLE_EQ(optimiser.GradientNorm(), 7);
  SetGradients(parameters, 0, 0, 0);
  Step(optimiser);
  EXPECT_EQ(optimiser.GradientNorm(), 0);
  EXPECT_TRUE(std::isfinite(parameters[0].second[0].item<double>()));
  for (const double bad : {double{NAN}, double{INFINITY}}) {
    SetGradients(parameters, 2, bad, 6);
    Step(optimiser);
    EXPECT_FALSE(std::isfinite(optimiser.GradientNorm())) << bad;
  }
}

TEST(OptimiserTest, GradientNormIsSummedInDouble) {
  torch::Tensor parameter = torch::zeros({1 << 20}).requires_grad_();
  parameter.mutable_grad() = torch::full({1 << 20}, 0.1F);
  parameter.mutable_grad()[0] = 1e4F;
  Optimiser optimiser(OptimiserKind::kAdam, kNoClipping, {{"a", parameter}});
  Step(optimiser);
  const double small = double{0.1F} * 0.1F;
  EXPECT_NEAR(optimiser.GradientNorm(), std::sqrt(1e8 + ((1 << 20) - 1) * small), 1e-5);
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
    Optimiser optimiser(kind, kNoClipping, parameters);
    SetGradients(parameters, 0.3, -0.1, 0.2);
    Step(optimiser);

    Optimiser::Parameters copies;
    for (const auto& [name, value] : parameters) {
      copies.emplace_back(name, value.detach().clone().requires_grad_());
    }
    Optimiser resumed(kind, kNoClipping, copies);
    ASSERT_TRUE(resumed.Load(SaveToFile(optimiser), optimiser.steps()).ok());
    SetGradients(parameters, -0.2, 0.5, 0.1);
    SetGradients(copies, -0.2, 0.5, 0.1);
    Step(optimiser);
    Step(resumed);
    EXPECT_TRUE(torch::equal(parameters[0].second, copies[0].second)) << OptimiserName(kind);
    EXPECT_TRUE(torch::equal(parameters[1].second, copies[1].second)) << OptimiserName(kind);
  }
}

TEST(OptimiserTest, RefusesStateOfAnotherOptimiser) {
  const Optimiser adagrad(OptimiserKind::kAdagrad, kNoClipping, MakeParameters());
  Optimiser adam(OptimiserKind::kAdam, kNoClipping, MakeParameters());
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

TEST(OptimiserTest, IsPartOfAnEnginesStep) {
  ExpectStepsOfTheReference([](Autoencoder& network) {
    return MakeEngine("fused", network, {DeviceKind::kCpu, 2});
  });
  ExpectStepsOfTheReference([](Autoencoder& network) -> absl::StatusOr<std::unique_ptr<Engine>> {
    return std::make_unique<GraphEngine>(network, ForwardOptions{ForwardPath::kFused, {}},
                                         torch::kCPU, 1);
  });
}

}  // namespace
}  // namespace peculiar
