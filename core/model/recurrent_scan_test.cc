#include "core/model/recurrent_scan.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include "core/model/finite_differences.h"
#include "core/model/layers.h"

namespace peculiar {
namespace {

struct Case {
  RecurrentActivation recurrent_activation;
  CellActivation cell_activation;
  std::int64_t steps, channels;  // of the state: 2 on planes, 8 channels-last
};

class RecurrentScanTest : public testing::TestWithParam<Case> {
 protected:
  ConvLstm Lstm() const {
    const auto [recurrent_activation, cell_activation, steps, channels] = GetParam();
    return {NormalTensor({3, 3, 2, 4 * channels}, 1, 0.3),
            NormalTensor({3, 3, channels, 4 * channels}, 2, 0.2),
            NormalTensor({4 * channels}, 3, 0.5), recurrent_activation, cell_activation};
  }
};

constexpr auto kHard = RecurrentActivation::kHardSigmoid;
constexpr auto kSmooth = RecurrentActivation::kSigmoid;
constexpr auto kTanh = CellActivation::kTanh;
constexpr auto kLinear = CellActivation::kLinear;
INSTANTIATE_TEST_SUITE_P(Settings, RecurrentScanTest,
                         testing::Values(Case{kHard, kTanh, 5, 2}, Case{kHard, kTanh, 4, 8},
                                         Case{kSmooth, kTanh, 3, 2}, Case{kHard, kLinear, 3, 2},
                                         Case{kSmooth, kLinear, 1, 8}));

TEST_P(RecurrentScanTest, EqualsTheStepsAndTheirGradients) {
  const ConvLstm lstm = Lstm();
  const auto sequence = NormalTensor({GetParam().steps, 2, 2, 7, 6}, 4);
  const std::vector<torch::Tensor> leaves = {sequence, lstm.kernel, lstm.recurrent_kernel,
                                             lstm.bias};
  // Weighted, so that every step's h has a gradient of its own.
  const auto weights = NormalTensor({GetParam().steps, 2, GetParam().channels, 4, 3}, 5).detach();
  std::vector<std::vector<torch::Tensor>> gradients;
  std::vector<torch::Tensor> hidden;
  for (const bool scan : {false, true}) {
    hidden.push_back(scan ? lstm.Scan(sequence) : at::stack(lstm.Run(sequence)));
    gradients.push_back(torch::autograd::grad({(hidden.back() * weights).sum()}, leaves, {},
                                              c10::nullopt, false, /*allow_unused=*/true));
  }
  EXPECT_TRUE(at::allclose(hidden[1], hidden[0], 1e-12, 1e-12));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const torch::Tensor expected =
        gradients[0][i].defined() ? gradients[0][i] : at::zeros_like(leaves[i]);
    // LibTorch 1.13 takes the sixth in hardsigmoid's slope as a float.
    EXPECT_TRUE(at::allclose(gradients[1][i], expected, 1e-6, 1e-6)) << "leaf " << i;
  }
}

TEST_P(RecurrentScanTest, GradientsAreThoseOfDifferences) {
  const ConvLstm lstm = Lstm();
  const auto sequence = NormalTensor({GetParam().steps, 1, 2, 4, 4}, 6);
  ExpectGradients([&] { return lstm.Scan(sequence).square().sum(); },
                  GetParam().steps > 1
                      ? std::vector{sequence, lstm.kernel, lstm.recurrent_kernel, lstm.bias}
                      : std::vector{sequence, lstm.kernel, lstm.bias},
                  12);
}

// In float32 with channels side by side the cells are the kernels' own code.
TEST_P(RecurrentScanTest, TheKernelsGiveWhatTheOperationsGive) {
  const ConvLstm exact = Lstm();
  const auto narrow = [](const torch::Tensor& tensor) {
    return tensor.detach().to(torch::kFloat32).requires_grad_(true);
  };
  const ConvLstm lstm = {narrow(exact.kernel), narrow(exact.recurrent_kernel), narrow(exact.bias),
                         exact.recurrent_activation, exact.cell_activation};
  const auto sequence = NormalTensor({GetParam().steps, 2, 2, 7, 6}, 4);
  const auto expected = exact.Scan(sequence);
  const auto hidden = lstm.Scan(sequence.detach().to(torch::kFloat32));
  EXPECT_TRUE(at::allclose(hidden.to(torch::kFloat64), expected, 1e-4, 1e-5));
  expected.square().sum().backward();
  hidden.square().sum().backward();
  for (const auto& [tensor, of_exact] : {std::pair(lstm.kernel, exact.kernel),
                                         {lstm.recurrent_kernel, exact.recurrent_kernel},
                                         {lstm.bias, exact.bias}}) {
    EXPECT_TRUE(at::allclose(tensor.grad().to(torch::kFloat64), of_exact.grad(), 1e-4, 1e-4));
  }
}

}  // namespace
}  // namespace peculiar
