// The engine of the CPU: core/network's fused step on the parameters that LibTorch holds (internal
// to core/model: includes LibTorch). Results do not depend on the number of threads.
#pragma once

#include "core/model/engine.h"
#include "core/network/fused_network.h"

namespace peculiar {

class FusedEngine : public Engine {
 public:
  // The network's parameters must be float32 on the CPU. threads >= 1.
  FusedEngine(Autoencoder& network, int threads)
      : network_(network), fused_(network.config(), threads) {}

  torch::Device device() const override { return torch::kCPU; }
  absl::StatusOr<StepLoss> Backward(const Batch& batch) override;
  absl::StatusOr<StepLoss> Evaluate(const Batch& batch) override;
  absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                      const SliceVisitor<float>& visit) override;

 private:
  // Checks the batch and hands the parameters as they are now to fused_.
  absl::Status Prepare(const Batch& batch);

  Autoencoder& network_;
  FusedNetwork<float> fused_;
};

}  // namespace peculiar
