// The engines that differentiate Autoencoder::Forward by autograd (internal to core/model: includes
// LibTorch): with plain steps slow and the oracle of any other, with RecurrentScan what runs on a
// GPU. On the CPU a batch is cut into one part a thread, so a result depends on the thread count in
// its last bits.
#pragma once

#include <functional>
#include <memory>

#include "core/model/engine.h"

namespace peculiar {

struct AutogradOptions {
  ForwardOptions forward;
  torch::Device device = torch::kCPU;  // where the network's parameters are
  int threads = 1;                     // a GPU takes 1
};

class AutogradEngine : public Engine {
 public:
  AutogradEngine(Autoencoder& network, const AutogradOptions& options);

  torch::Device device() const override { return options_.device; }
  absl::StatusOr<StepLoss> Backward(const Batch& batch) override;
  absl::StatusOr<StepLoss> Evaluate(const Batch& batch) override;
  absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                      const SliceVisitor<float>& visit) override;

 private:
  NetworkOutput Forward(const Batch& batch) const;
  // The batch in up to `threads` parts of nearly equal size, on the device.
  std::vector<Batch> Split(const Batch& batch) const;
  // Calls work(i) for every part, each on a thread of its own; exceptions become errors.
  absl::Status ForEachPart(std::string_view what, std::size_t parts,
                           const std::function<void(std::size_t)>& work) const;

  Autoencoder& network_;
  const AutogradOptions options_;
};

}  // namespace peculiar
