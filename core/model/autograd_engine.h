// The engines that differentiate Autoencoder::Forward by autograd (internal to core/model: includes
// LibTorch): with plain steps slow and the oracle of any other, with RecurrentScan what runs on a
// GPU. On the CPU a batch is cut into one part a thread, so a result depends on the thread count in
// its last bits.
#pragma once

#include <functional>

#include "core/model/engine.h"

namespace peculiar {

class AutogradEngine : public Engine {
 public:
  // The network's parameters must be on `device`. threads >= 1; a GPU takes 1.
  AutogradEngine(Autoencoder& network, LstmPath path, torch::Device device, int threads)
      : network_(network), path_(path), device_(device), threads_(threads) {}

  torch::Device device() const override { return device_; }
  absl::StatusOr<StepLoss> Backward(const Batch& batch) override;
  absl::StatusOr<StepLoss> Evaluate(const Batch& batch) override;
  absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                      const SliceVisitor<float>& visit) override;

 private:
  // The batch in up to threads_ parts of nearly equal size, on the device.
  std::vector<Batch> Split(const Batch& batch) const;
  // Calls work(i) for every part, each on a thread of its own; exceptions become errors.
  absl::Status ForEachPart(std::string_view what, std::size_t parts,
                           const std::function<void(std::size_t)>& work) const;

  Autoencoder& network_;
  LstmPath path_;
  torch::Device device_;
  int threads_;
};

}  // namespace peculiar
