// The engines that differentiate Autoencoder::Forward by autograd (internal to core/model: includes
// LibTorch): with plain steps slow and the oracle of any other, with RecurrentScan what runs on a
// GPU. On the CPU a batch is cut into one part a thread, so a result depends on the thread count in
// its last bits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "core/model/engine.h"

namespace peculiar {

class AutogradEngine : public Engine {
 public:
  // The network's parameters must be on `device`. threads >= 1; a GPU takes 1.
  // graphed: gradients by StepGraph, with one thread.
  AutogradEngine(Autoencoder& network, LstmPath path, torch::Device device, int threads,
                 bool graphed = false);
  ~AutogradEngine() override;

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

  // The batch as it is, on a GPU: its step captured once for each number of cubes.
  absl::StatusOr<StepLoss> BackwardByGraph(const Batch& batch);

  struct Step;  // tensors that a capture reads and writes

  Autoencoder& network_;
  LstmPath path_;
  torch::Device device_;
  int threads_;
  bool is_graphed_;
  std::map<std::int64_t, std::unique_ptr<Step>> steps_;  // by cubes of a batch
};

}  // namespace peculiar
