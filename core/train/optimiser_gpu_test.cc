#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "core/model/step_graph.h"
#include "core/train/optimised_steps_example.h"

namespace peculiar {
namespace {

TEST(OptimiserGpuTest, IsPartOfAnEnginesStep) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  const auto make = [](const char* name) {
    return [name](Autoencoder& network) {
      return MakeEngine(name, network, {.device = DeviceKind::kCuda});
    };
  };
  ExpectStepsOfTheReference(make("reference"));
  ExpectStepsOfTheReference(make("scan"));
}

TEST(OptimiserGpuTest, IsCapturedWithTheGradients) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  Autoencoder network(*MakePreset("tiny", ModelKind::kAe, 6, 16), 3);
  const auto engine = *MakeEngine("scan", network, {.device = DeviceKind::kCuda});
  Optimiser optimiser(OptimiserKind::kAdam, /*clip_norm=*/1, network.parameters());
  int calls = 0;
  const auto update = [&] {
    ++calls;
    optimiser.Update();
  };
  for (int step = 0; step < 10; ++step) {
    optimiser.Start(1e-3);
    const auto loss = engine->TakeStep({torch::ones({3, 6, 16, 16}), {}}, update);
    ASSERT_TRUE(loss.ok()) << loss.status();
  }
  EXPECT_EQ(calls, StepGraph::kRunsBeforeCapture + 1);
}

}  // namespace
}  // namespace peculiar
