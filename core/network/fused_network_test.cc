#include "core/network/fused_network.h"

#include <gmock/gmock.h>

#include <limits>
#include <ostream>
#include <stdexcept>

#include "core/network/gradient_check.h"
#include "core/network/kernels.h"
#include "core/network/parameter_layout.h"
#include "core/network/simd.h"
#include "tests/support/simd_targets.h"

namespace peculiar {
namespace {

struct Case {
  std::string name;
  NetworkConfig config;
};
void PrintTo(const Case& example, std::ostream* out) { *out << example.name; }

std::vector<Case> Cases() {
  std::vector<Case> cases = {{"TinyAe", *MakePreset("tiny", ModelKind::kAe, 3, 8)},
                             {"SmallVae", *MakePreset("small", ModelKind::kVae, 3, 16)},
                             {"Paper", *MakePreset("paper", ModelKind::kAe, 2, 8)}};
  NetworkConfig none = cases[0].config;
  none.wavelength_code = WavelengthCode::kNone;
  cases.push_back({"NoWavelengthCode", none});
  NetworkConfig other = *MakePreset("paper", ModelKind::kVae, 4, 8);
  other.recurrent_activation = RecurrentActivation::kSigmoid;
  other.loss = ReconstructionLoss::kMse;
  other.beta = 0.3;
  other.conv_channels = {3, 9};
  other.convs_per_block = 3;
  other.lstm_channels = {5, 3, 9};
  other.cell_activation = CellActivation::kLinear;
  other.fc_width = 7;
  other.latent = 3;
  other.decoder_channels = {17, 2, 6};
  cases.push_back({"OddWidthsMseSigmoidLinear", other});
  return cases;
}

template <typename T>
struct Input {
  Input(const NetworkConfig& config, std::size_t n)
      : voxels(static_cast<std::size_t>(config.channels * config.size * config.size)),
        parameters(NearFirstValues<T>(config, 3)),
        cubes(NormalValues<T>(n * voxels, 5)),
        noise(config.kind == ModelKind::kVae
                  ? NormalValues<T>(n * static_cast<std::size_t>(config.latent), 6)
                  : std::vector<T>()) {}

  std::size_t voxels;
  std::vector<T> parameters, cubes, noise;
};

// Everything a step gives, to compare bits.
template <typename T>
struct Result {
  StepLoss loss;
  std::vector<T> gradient, latent, reconstruction;
};

template <typename T>
Result<T> RunAll(const NetworkConfig& config, const Input<T>& input, int threads) {
  FusedNetwork<T> network(config, threads);
  EXPECT_TRUE(network.SetParameters(input.parameters).ok());
  Result<T> result;
  const std::size_t n = input.cubes.size() / input.voxels;
  result.gradient.resize(network.parameter_count());
  result.latent.resize(n * static_cast<std::size_t>(config.latent));
  result.reconstruction.resize(input.cubes.size());
  result.loss = *network.Step(input.cubes, input.noise, result.gradient);
  EXPECT_TRUE(network
                  .Embed(input.cubes, result.latent,
                         CopySlices<T>(network.config().channels, result.reconstruction))
                  .ok());
  return result;
}

template <typename T>
void ExpectSameBits(const Result<T>& a, const Result<T>& b) {
  EXPECT_EQ(a.loss.total, b.loss.total);
  EXPECT_EQ(a.loss.kl, b.loss.kl);
  EXPECT_EQ(a.gradient, b.gradient);
  EXPECT_EQ(a.latent, b.latent);
  EXPECT_EQ(a.reconstruction, b.reconstruction);
}

// |a - b| / |b| as vectors.
double RelativeDifference(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - b[i], 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / norm);
}

class FusedNetworkTest : public testing::TestWithParam<Case> {
 protected:
  NetworkConfig config_ = GetParam().config;
};

INSTANTIATE_TEST_SUITE_P(Networks, FusedNetworkTest, testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(FusedNetworkTest, GradientsAreRight) {
  Input<double> input(config_, 2);
  FusedNetwork<double> network(config_, 1);
  const auto evaluate = [&] {
    EXPECT_TRUE(network.SetParameters(input.parameters).ok());
    return network.Evaluate(input.cubes, input.noise)->total;
  };
  std::vector<double> gradient(network.parameter_count());
  const double total = evaluate();
  EXPECT_EQ(network.Step(input.cubes, input.noise, gradient)->total, total);
  // Of a loss of the order of one, so that the difference's own rounding stays below 1e-9.
  const double scale = 1 / std::max(1.0, total);
  for (double& value : gradient) value *= scale;
  std::size_t first = 0;
  for (const ParameterSpec& spec : ParameterSpecs(config_)) {
    const auto n = static_cast<std::size_t>(spec.count());
    ExpectGradient([&] { return scale * evaluate(); }, input.parameters.data() + first,
                   gradient.data() + first, n, spec.name, /*probes=*/4);
    first += n;
  }
}

TEST_P(FusedNetworkTest, ThreadsDoNotChangeABit) {
  const Input<float> input(config_, 5);
  const auto alone = RunAll(config_, input, 1);
  for (const int threads : {2, 3, 8}) ExpectSameBits(RunAll(config_, input, threads), alone);
}

TEST_P(FusedNetworkTest, TargetsAgree) {
  const Input<float> input(config_, 2);
  const auto best = RunAll(config_, input, 1);
  for (const std::string& target : SimdTargets()) {
    UseSimdTarget(target);
    const auto other = RunAll(config_, input, 1);
    if (target == "AVX2" || target == "AVX3") ExpectSameBits(other, best);
    EXPECT_LT(RelativeDifference(other.latent, best.latent), 1e-5) << target;
    EXPECT_LT(RelativeDifference(other.reconstruction, best.reconstruction), 1e-5) << target;
    EXPECT_LT(RelativeDifference(other.gradient, best.gradient), 1e-4) << target;
  }
  UseSimdTarget("");
}

TEST_P(FusedNetworkTest, ARowDependsOnItsOwnCubeAlone) {
  const Input<float> input(config_, 3);
  const auto together = RunAll(config_, input, 2);
  FusedNetwork<float> network(config_, 1);
  ASSERT_TRUE(network.SetParameters(input.parameters).ok());
  std::vector<float> latent(static_cast<std::size_t>(config_.latent));
  ASSERT_TRUE(network.Embed(std::span(input.cubes).subspan(2 * input.voxels), latent, {}).ok());
  EXPECT_TRUE(std::equal(latent.begin(), latent.end(), together.latent.end() - config_.latent));
}

TEST(FusedNetworkLossTest, IsTheDefinedOne) {
  for (const auto kind : {ModelKind::kAe, ModelKind::kVae}) {
    auto config = *MakePreset("tiny", kind, 3, 8);
    config.beta = 0.5;
    const Input<double> input(config, 2);
    FusedNetwork<double> network(config, 1);
    ASSERT_TRUE(network.SetParameters(input.parameters).ok());
    std::vector<double> latent(2 * 16), reconstruction(input.cubes.size());
    ASSERT_TRUE(network
                    .Embed(input.cubes, latent,
                           CopySlices<double>(network.config().channels, reconstruction))
                    .ok());
    const StepLoss loss = *network.Evaluate(input.cubes, {});  // no noise: Z is the mean
    double error = 0;
    for (std::size_t i = 0; i < input.cubes.size(); ++i) {
      error += std::abs(input.cubes[i] - reconstruction[i]);
    }
    EXPECT_NEAR(loss.reconstruction, error / static_cast<double>(input.cubes.size()), 1e-12);
    if (kind == ModelKind::kAe) {
      EXPECT_EQ(loss.kl, 0);
      EXPECT_EQ(loss.total, loss.reconstruction);
    } else {
      EXPECT_GT(loss.kl, 0);
      EXPECT_NEAR(loss.total, error / 2 + 0.5 * loss.kl, 1e-9);
    }
  }
}

TEST(FusedNetworkLossTest, NonFiniteValuesAreReportedNotHidden) {
  const auto config = *MakePreset("small", ModelKind::kAe, 3, 8);
  Input<float> input(config, 1);
  input.cubes[70] = std::numeric_limits<float>::quiet_NaN();
  for (const std::string& target : SimdTargets()) {
    UseSimdTarget(target);
    const auto result = RunAll(config, input, 1);
    EXPECT_TRUE(std::isnan(result.loss.total)) << target;
    EXPECT_TRUE(std::isnan(result.latent[0])) << target;
  }
  UseSimdTarget("");
  // And nothing of it stays behind for the next call.
  FusedNetwork<float> network(config, 1);
  ASSERT_TRUE(network.SetParameters(input.parameters).ok());
  std::vector<float> gradient(network.parameter_count());
  ASSERT_TRUE(network.Step(input.cubes, {}, gradient).ok());
  input.cubes[70] = 0.5;
  ASSERT_TRUE(network.Step(input.cubes, {}, gradient).ok());
  EXPECT_EQ(gradient, RunAll(config, input, 1).gradient);
}

TEST(FusedNetworkLossTest, ANanInAnyGateIsReported) {
  for (const auto recurrent : {RecurrentActivation::kHardSigmoid, RecurrentActivation::kSigmoid}) {
    auto config = *MakePreset("small", ModelKind::kAe, 3, 16);
    config.recurrent_activation = recurrent;
    const std::size_t bias = ParameterLayout(config).OffsetOf("encoder.lstm_block_1.bias");
    for (const std::size_t gate : {0u, 1u, 2u, 3u}) {
      Input<float> input(config, 1);
      input.parameters[bias + 8 * gate] = std::numeric_limits<float>::quiet_NaN();
      for (const std::string& target : SimdTargets()) {
        UseSimdTarget(target);
        EXPECT_TRUE(std::isnan(RunAll(config, input, 1).loss.total)) << target << ", gate " << gate;
        UseSimdTarget("");
      }
    }
  }
}

TEST(FusedNetworkVisitorTest, EverySliceIsVisitedOnceAndInOrder) {
  for (const auto code : {WavelengthCode::kLearned, WavelengthCode::kNone}) {
    auto config = *MakePreset("tiny", ModelKind::kAe, 5, 8);
    config.wavelength_code = code;
    const Input<float> input(config, 7);
    for (const int threads : {1, 3, 8}) {
      FusedNetwork<float> network(config, threads);
      ASSERT_TRUE(network.SetParameters(input.parameters).ok());
      std::vector<std::vector<int>> visited(7);  // each by one thread
      std::vector<float> latent(7 * 16);
      const auto visit = [&](std::size_t cube, int slice, std::span<const float> image) {
        EXPECT_EQ(image.size(), 64u);
        visited[cube].push_back(slice);
      };
      ASSERT_TRUE(network.Embed(input.cubes, latent, visit).ok());
      EXPECT_THAT(visited, testing::Each(testing::ElementsAre(0, 1, 2, 3, 4)));
    }
  }
}

TEST(FusedNetworkVisitorTest, WhatItThrowsIsAnErrorAndTheNextCallWorks) {
  const auto config = *MakePreset("tiny", ModelKind::kAe, 5, 8);
  const Input<float> input(config, 3);
  FusedNetwork<float> network(config, 2);
  ASSERT_TRUE(network.SetParameters(input.parameters).ok());
  std::vector<float> latent(3 * 16);
  const auto fail = [](std::size_t, int, std::span<const float>) {
    throw std::runtime_error("no room");
  };
  EXPECT_EQ(network.Embed(input.cubes, latent, fail).code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(network.Embed(input.cubes, latent, {}).ok());
  EXPECT_EQ(latent, RunAll(config, input, 1).latent);
}

TEST(FusedNetworkErrorTest, WrongLengthsAreRefused) {
  const auto config = *MakePreset("tiny", ModelKind::kVae, 3, 8);
  const Input<float> input(config, 2);
  FusedNetwork<float> network(config, 1);
  const auto refused = absl::StatusCode::kInvalidArgument;
  const std::span<const float> cubes = input.cubes, noise = input.noise;
  std::vector<float> gradient(network.parameter_count());
  EXPECT_EQ(network.SetParameters(cubes.first(5)).code(), refused);
  ASSERT_TRUE(network.SetParameters(input.parameters).ok());
  EXPECT_EQ(network.Step(cubes.first(7), noise, gradient).status().code(), refused);
  EXPECT_EQ(network.Step({}, {}, gradient).status().code(), refused);
  EXPECT_EQ(network.Step(cubes, noise.first(16), gradient).status().code(), refused);
  EXPECT_EQ(network.Step(cubes, noise, std::span(gradient).first(9)).status().code(), refused);
  EXPECT_TRUE(network.Step(cubes, noise, gradient).ok());
  FusedNetwork<float> plain(*MakePreset("tiny", ModelKind::kAe, 3, 8), 1);
  EXPECT_EQ(plain.Evaluate(cubes, noise).status().code(), refused);
}

}  // namespace
}  // namespace peculiar
