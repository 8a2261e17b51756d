#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "core/train/optimised_steps_example.h"

namespace peculiar {
namespace {

TEST(OptimiserGpuTest, IsPartOfAStepsGraph) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  for (const char* name : {"reference", "scan"}) {
    ExpectStepsOfTheReference([&](Autoencoder& network) {
      return MakeEngine(name, network, {.device = DeviceKind::kCuda});
    });
  }
}

}  // namespace
}  // namespace peculiar
