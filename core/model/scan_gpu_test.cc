#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "core/model/engine.h"
#include "core/model/finite_differences.h"

namespace peculiar {
namespace {

// The first steps are run as they are, one is captured, those after it are replayed: all the same.
TEST(ScanGpuTest, EveryStepGivesTheReferencesLossAndGradients) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  const NetworkConfig config = *MakePreset("small", ModelKind::kVae, 20, 32);
  Autoencoder on_cpu(config, 3), on_gpu(config, 3);
  const auto reference = *MakeEngine("reference", on_cpu, {DeviceKind::kCpu, 1});
  const auto scan = *MakeEngine("scan", on_gpu, {DeviceKind::kCuda, 1});
  for (std::uint64_t step = 0; step < 8; ++step) {
    const auto narrow = [](const torch::Tensor& tensor) {
      return tensor.detach().to(torch::kFloat32);
    };
    const Batch batch = {narrow(NormalTensor({3, 20, 32, 32}, step)),
                         narrow(NormalTensor({3, config.latent}, 100 + step))};
    const auto expected = reference->Backward(batch);
    const auto loss = scan->Backward(batch);
    ASSERT_TRUE(expected.ok() && loss.ok()) << loss.status();
    EXPECT_NEAR(loss->total, expected->total, 1e-4 * expected->total) << "step " << step;
    for (std::size_t k = 0; k < on_cpu.parameters().size(); ++k) {
      const auto& [name, parameter] = on_cpu.parameters()[k];
      const auto gradient = on_gpu.tensors()[k].grad().to(torch::kCPU);
      EXPECT_LE((gradient - parameter.grad()).abs().max().item<double>(),
                1e-4 * parameter.grad().abs().max().item<double>())
          << name << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace peculiar
