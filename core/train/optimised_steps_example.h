// Steps of an engine with the optimiser's update in them, beside those of the reference on the CPU.
// For tests alone.
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/model/finite_differences.h"
#include "core/model/flat_tensors.h"
#include "core/train/optimiser.h"
#include "core/train/training_run.h"

namespace peculiar {

// Every parameter after the other, on the CPU.
inline torch::Tensor WeightsOf(const Autoencoder& network) {
  return at::cat(Flattened(network.tensors())).detach().to(torch::kCPU);
}

// Enough steps for a graph to be captured and replayed, each with a rate of its own, some clipped;
// then batches of another size, with the state so far.
inline void ExpectStepsOfTheReference(const EngineFactory& make_engine) {
  constexpr double kClipNorm = 2500;
  const NetworkConfig config = *MakePreset("tiny", ModelKind::kVae, 6, 16);
  for (const OptimiserKind kind : {OptimiserKind::kAdagrad, OptimiserKind::kAdam}) {
    Autoencoder expected_network(config, 3), network(config, 3);
    const auto reference = *MakeEngine("reference", expected_network, {DeviceKind::kCpu, 1});
    const auto engine = make_engine(network);
    ASSERT_TRUE(engine.ok()) << engine.status();
    Optimiser expected(kind, kClipNorm, expected_network.parameters());
    Optimiser found(kind, kClipNorm, network.parameters());
    const torch::Tensor start = WeightsOf(expected_network);
    int clipped = 0;
    for (std::uint64_t step = 0; step < 12; ++step) {
      const std::int64_t cubes = step < 8 ? 3 : 2;
      const Batch batch = {NormalTensor({cubes, 6, 16, 16}, step).detach().to(torch::kFloat32),
                           NormalTensor({cubes, config.latent}, 99).detach().to(torch::kFloat32)};
      const double rate = 1e-4 * static_cast<double>(1 + step % 3);
      expected.Start(rate);
      found.Start(rate);
      const auto expected_loss = reference->TakeStep(batch, [&] { expected.Update(); });
      const auto loss = (*engine)->TakeStep(batch, [&] { found.Update(); });
      ASSERT_TRUE(expected_loss.ok() && loss.ok()) << loss.status();
      const double norm = expected.GradientNorm();
      EXPECT_NEAR(loss->total, expected_loss->total, 1e-4 * expected_loss->total) << step;
      EXPECT_NEAR(found.GradientNorm(), norm, 1e-3 * norm) << step;
      clipped += norm > kClipNorm ? 1 : 0;
      // All together: Adam turns the last bits of the smallest gradients into whole changes.
      const torch::Tensor weights = WeightsOf(expected_network);
      EXPECT_LE((WeightsOf(network) - weights).norm().item<double>(),
                1e-3 * (weights - start).norm().item<double>())
          << OptimiserName(kind) << ", step " << step;
    }
    EXPECT_GT(clipped, 0);
    EXPECT_LT(clipped, 12);
  }
}

}  // namespace peculiar
