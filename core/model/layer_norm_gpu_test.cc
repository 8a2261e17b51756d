#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/cuda.h>

#include "core/model/finite_differences.h"
#include "core/model/layer_norm.h"
#include "core/model/layers.h"

namespace peculiar {
namespace {

struct Case {
  std::int64_t channels, side;
  torch::ScalarType type;
  double tolerance;
};

class LayerNormGpuTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  }
};

// 4 x 7 x 7 pixels do not fill the last block; 40 x 64 x 64 take every block more than once.
INSTANTIATE_TEST_SUITE_P(Shapes, LayerNormGpuTest,
                         testing::Values(Case{8, 7, torch::kFloat32, 1e-5},
                                         Case{16, 64, torch::kFloat32, 1e-5},
                                         Case{128, 9, torch::kFloat32, 1e-5},
                                         Case{32, 64, torch::kBFloat16, 2e-2}));

TEST_P(LayerNormGpuTest, EqualsTheOperationsAndTheirGradients) {
  const auto [channels, side, type, tolerance] = GetParam();
  const auto leaf = [&](at::IntArrayRef shape, std::uint64_t seed) {
    return NormalTensor(shape.vec(), seed).detach();
  };
  const std::int64_t images = side == 64 ? 40 : 4;
  const torch::Tensor input = leaf({images, channels, side, side}, 1) + 2;
  const torch::Tensor gamma = leaf({channels}, 2), beta = leaf({channels}, 3);
  const torch::Tensor weights = leaf({images, channels, side, side}, 4);
  const auto run = [&](torch::Device device, bool fused) {
    const auto as = [&](const torch::Tensor& tensor, torch::ScalarType to) {
      return tensor.to(device, to);
    };
    const auto x = as(input, fused ? type : torch::kFloat64)
                       .contiguous(at::MemoryFormat::ChannelsLast)
                       .requires_grad_(true);
    const auto scale = as(gamma, fused ? torch::kFloat32 : torch::kFloat64).requires_grad_(true);
    const auto shift = as(beta, fused ? torch::kFloat32 : torch::kFloat64).requires_grad_(true);
    const torch::Tensor y =
        fused ? FusedLayerNorm(x, scale, shift, kLayerNormEpsilon) : LayerNorm(x, scale, shift);
    std::vector<torch::Tensor> results =
        torch::autograd::grad({(y * as(weights, y.scalar_type())).sum()}, {x, scale, shift});
    results.push_back(y.detach());
    for (torch::Tensor& result : results) result = result.to(torch::kCPU, torch::kFloat64);
    return results;
  };
  ASSERT_TRUE(FusedLayerNormTakes(input.to(torch::kCUDA, type)));
  const auto found = run(torch::kCUDA, true), expected = run(torch::kCPU, false);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double largest = expected[i].abs().max().item<double>();
    EXPECT_LE((found[i] - expected[i]).abs().max().item<double>(), tolerance * largest) << i;
  }
}

}  // namespace
}  // namespace peculiar
