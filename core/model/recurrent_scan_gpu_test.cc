#include <ATen/cuda/CUDAContextLight.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/cuda.h>

#include "core/cuda/lstm_scan.h"
#include "core/model/finite_differences.h"
#include "core/model/layers.h"

namespace peculiar {
namespace {

struct Case {
  std::int64_t size, channels;
  RecurrentActivation recurrent_activation;
  CellActivation cell_activation;
};

class RecurrentScanGpuTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  }
};

constexpr auto kHard = RecurrentActivation::kHardSigmoid;
constexpr auto kTanh = CellActivation::kTanh;
// Every shape that one kernel scans, and one that it does not.
INSTANTIATE_TEST_SUITE_P(Shapes, RecurrentScanGpuTest,
                         testing::Values(Case{16, 32, kHard, kTanh}, Case{8, 32, kHard, kTanh},
                                         Case{16, 8, kHard, kTanh}, Case{8, 8, kHard, kTanh},
                                         Case{4, 8, kHard, kTanh}, Case{6, 8, kHard, kTanh},
                                         Case{8, 32, RecurrentActivation::kSigmoid,
                                              CellActivation::kLinear}));

// In bfloat16 against float64 on the CPU: outputs, and gradients relative to their largest.
TEST_P(RecurrentScanGpuTest, EqualsTheStepsInDoubleAsFarAsBfloat16Goes) {
  const auto [size, channels, recurrent_activation, cell_activation] = GetParam();
  constexpr std::int64_t kSteps = 9, kImages = 3, kInputs = 8;
  const auto narrowed = [](const torch::Tensor& tensor) {  // so that both get the same numbers
    return tensor.detach().to(torch::kBFloat16).to(torch::kFloat64);
  };
  const torch::Tensor sequence =
      narrowed(NormalTensor({kSteps, kImages, kInputs, 2 * size, 2 * size}, 1));
  const torch::Tensor kernel = narrowed(NormalTensor({3, 3, kInputs, 4 * channels}, 2, 0.1));
  const torch::Tensor recurrent =
      narrowed(NormalTensor({3, 3, channels, 4 * channels}, 3, 0.5 / std::sqrt(9.0 * channels)));
  const torch::Tensor bias = narrowed(NormalTensor({4 * channels}, 4, 0.3));
  const torch::Tensor weights = narrowed(NormalTensor({kSteps, kImages, channels, size, size}, 5));
  const auto run = [&](bool on_gpu) {
    const auto as = [&](const torch::Tensor& tensor) {
      const torch::Tensor moved =
          on_gpu ? tensor.to(torch::kCUDA, torch::kBFloat16) : tensor.clone();
      return moved.requires_grad_(true);
    };
    const ConvLstm lstm = {as(kernel), as(recurrent), as(bias), recurrent_activation,
                           cell_activation};
    const torch::Tensor input = as(sequence);
    const torch::Tensor by_pixel = on_gpu ? input.flatten(0, 1)
                                                .contiguous(at::MemoryFormat::ChannelsLast)
                                                .unflatten(0, {kSteps, kImages})
                                          : input;
    const torch::Tensor hidden = on_gpu ? lstm.Scan(by_pixel) : at::stack(lstm.Run(by_pixel));
    std::vector<torch::Tensor> results = torch::autograd::grad(
        {(hidden * weights.to(hidden.device(), hidden.scalar_type())).to(torch::kFloat64).sum()},
        {input, lstm.kernel, lstm.recurrent_kernel, lstm.bias});
    results.push_back(hidden.detach());
    for (torch::Tensor& result : results) result = result.to(torch::kCPU, torch::kFloat64);
    return results;
  };
  const auto found = run(true), expected = run(false);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = (found[i] - expected[i]).norm().item<double>();
    EXPECT_LE(error, 2e-2 * expected[i].norm().item<double>()) << "result " << i;
  }
}

TEST(WholeScanGpuTest, RunsWhereThereAreClusters) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  EXPECT_TRUE(LstmScanTakes(16, 32));
  EXPECT_FALSE(LstmScanTakes(6, 8));
  EXPECT_EQ(LstmScanRuns(), at::cuda::getCurrentDeviceProperties()->major >= 9)
      << "in a build for such a GPU";
}

}  // namespace
}  // namespace peculiar
