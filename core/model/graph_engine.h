// The engine "scan" on a GPU (internal to core/model: includes LibTorch): a batch as it is, every
// kind of work on each number of cubes captured once as a CUDA graph, all in the memory that the
// largest takes. Not for concurrent use.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "core/model/engine.h"
#include "core/model/step_graph.h"

namespace peculiar {

class GraphEngine : public Engine {
 public:
  // The network's parameters must be on `device`; on the CPU nothing is captured and all else is
  // the same. threads: of the CPU, for the visits of reconstructions.
  GraphEngine(Autoencoder& network, const ForwardOptions& forward, torch::Device device,
              int threads);
  ~GraphEngine() override;

  torch::Device device() const override { return device_; }
  absl::StatusOr<StepLoss> Backward(const Batch& batch) override;
  absl::StatusOr<StepLoss> TakeStep(const Batch& batch,
                                    const std::function<void()>& update) override;
  absl::StatusOr<StepLoss> Evaluate(const Batch& batch) override;
  absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                      const SliceVisitor<float>& visit) override;

 private:
  enum class Work { kStep, kGradients, kLoss, kEmbedding };
  struct Step;  // tensors that a capture reads and writes

  // That of this work on so many cubes, with the batch in its tensors.
  Step& StepOf(Work work, const Batch& batch);
  // The gradients and then `update`, as one work of this kind.
  absl::StatusOr<StepLoss> Differentiate(Work kind, const Batch& batch,
                                         const std::function<void()>& update);
  // work(), once more without the other steps' memory when there is too little; after an error no
  // step's memory is held. `what` was attempted.
  template <typename Function>
  auto Attempt(std::string_view what, const Function& work);
  NetworkOutput Forward(const Step& step) const;
  // The reconstructions in memory of the CPU; nobody waits for them.
  torch::Tensor ToHost(Step& step) const;

  Autoencoder& network_;
  const ForwardOptions forward_;
  const torch::Device device_;
  const int threads_;
  const std::shared_ptr<GraphMemory> memory_;
  // Of all steps, at the same place for all their graphs: all values in a row, and each
  // parameter's.
  torch::Tensor gradient_;
  std::vector<torch::Tensor> gradients_;
  std::map<std::pair<Work, std::int64_t>, std::unique_ptr<Step>> steps_;
};

}  // namespace peculiar
