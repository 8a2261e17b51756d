// The engine that differentiates Autoencoder::Forward by autograd: slow, plain, the oracle of any
// other (internal to core/model: includes LibTorch).
#pragma once

#include "core/model/engine.h"

namespace peculiar {

class ReferenceEngine : public Engine {
 public:
  // The network's parameters must be on `device`.
  ReferenceEngine(Autoencoder& network, torch::Device device)
      : network_(network), device_(device) {}

  torch::Device device() const override { return device_; }
  absl::StatusOr<BatchLoss> Backward(const Batch& batch) override;
  absl::StatusOr<BatchLoss> Evaluate(const Batch& batch) override;
  absl::StatusOr<EmbeddedBatch> Embed(const torch::Tensor& cubes) override;

 private:
  absl::Status CheckBatch(const Batch& batch) const;

  Autoencoder& network_;
  torch::Device device_;
};

}  // namespace peculiar
