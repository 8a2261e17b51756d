// An engine whose errors, when a GPU's memory runs out, say what was asked for, what there was and
// which batch would fit. Internal to this room (includes LibTorch). Not for concurrent use.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/model/engine.h"
#include "core/model/memory_gauge.h"

namespace peculiar {

// Peak of memory in a step of so many cubes.
struct StepMemory {
  std::int64_t cubes = 0;
  std::int64_t peak_bytes = 0;
};

// The largest batch whose peak lies within nine tenths of `usable_bytes`, by the line through two
// steps; the rest is lost between tensors. 0: not one cube fits. Requires small.cubes <
// large.cubes.
std::int64_t BatchThatFits(const StepMemory& small, const StepMemory& large,
                           std::int64_t usable_bytes);

// Passes everything on to another engine. When that returns RESOURCE_EXHAUSTED, it is asked for one
// and two cubes of the batch, to measure what a cube takes, and for the batch that should fit by
// that, as often as it takes for a graph to be captured; while that does not fit, for a tenth less.
class MeasuredEngine : public Engine {
 public:
  MeasuredEngine(std::unique_ptr<Engine> engine, std::unique_ptr<MemoryGauge> gauge);

  torch::Device device() const override { return engine_->device(); }
  absl::StatusOr<StepLoss> Backward(const Batch& batch) override;
  absl::StatusOr<StepLoss> TakeStep(const Batch& batch,
                                    const std::function<void()>& update) override;
  absl::StatusOr<StepLoss> Evaluate(const Batch& batch) override;
  absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                      const SliceVisitor<float>& visit) override;

 private:
  // The same work on the first n cubes.
  using Work = std::function<absl::Status(std::int64_t n)>;

  // What a step gave, its error explained.
  absl::StatusOr<StepLoss> ExplainedStep(const Batch& batch, absl::StatusOr<StepLoss> loss);
  absl::Status Explain(const absl::Status& error, std::int64_t cubes, const Work& work);
  absl::StatusOr<StepMemory> Measure(std::int64_t cubes, const Work& work);
  static absl::Status Try(std::int64_t cubes, const Work& work);
  // RESOURCE_EXHAUSTED when not even one cube fits.
  absl::StatusOr<std::int64_t> FindFit(std::int64_t cubes, std::int64_t usable_bytes,
                                       const Work& work);

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<MemoryGauge> gauge_;
};

// `engine` measured on a GPU, as it is on the CPU.
std::unique_ptr<Engine> Measured(std::unique_ptr<Engine> engine, const Device& device);

}  // namespace peculiar
