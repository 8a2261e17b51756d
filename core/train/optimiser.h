// Adagrad and Adam with Keras's formulas and constants (LibTorch's differ in where epsilon stands
// and keep their state under addresses; here it is saved by parameter name). Internal to this room:
// includes torch.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/model/tensor_exchange.h"
#include "core/train/optimiser_kind.h"

namespace peculiar {

// Updates `parameters` in place from their .grad. An update asks nothing of the GPU, so that it can
// be part of a step's graph: its learning rate and the clipping of its gradients are numbers in the
// device's memory. Tensors are shared with the network, not copied. Not for concurrent use.
class Optimiser {
 public:
  using Parameters = std::vector<std::pair<std::string, torch::Tensor>>;

  // Adagrad: a += g^2, w -= rate g / sqrt(a + 1e-7), a starts at 0.1. Adam: beta 0.9 and 0.999,
  // w -= rate_t m / (sqrt(v) + 1e-7), rate_t = rate sqrt(1 - 0.999^t) / (1 - 0.9^t). Gradients
  // whose norm is above `clip_norm` are scaled down to it (infinity: never). The parameters, at
  // least one, are of one type and on one device.
  Optimiser(OptimiserKind kind, double clip_norm, Parameters parameters);

  // Begins a step at this learning rate; its Update follows.
  void Start(double rate);

  // The update of the step, for Engine::TakeStep. Every parameter needs its .grad. Throws
  // c10::Error; when memory runs out, before anything has changed.
  void Update();

  // Of the last Update, before clipping: Euclidean norm of all gradients together, summed in
  // double. NaN or infinite when one is; then the parameters are spoilt. Waits for a GPU.
  double GradientNorm() const;

  // Steps begun.
  std::int64_t steps() const { return steps_; }

  // Adds the state to a checkpoint: "optimiser.PARAMETER.accumulator" for Adagrad, .first and
  // .second for Adam.
  void Save(TensorExport& tensors) const;

  // Takes the state of a checkpoint after `steps` updates. Errors as ImportTensor; then the state
  // is unusable.
  absl::Status Load(const TensorFile& tensors, std::int64_t steps);

 private:
  // Each parameter's part of first_ and second_, as views, by its name in a checkpoint.
  Parameters State() const;

  OptimiserKind kind_;
  double clip_norm_;
  std::vector<std::string> names_;  // of the parameters
  std::vector<torch::Tensor> parameters_;
  // All parameters' values one after the other: a few operations do the whole update.
  torch::Tensor gradient_;
  torch::Tensor change_;                // what is taken off the parameters
  torch::Tensor first_;                 // Adam's m; undefined for Adagrad
  torch::Tensor second_;                // Adagrad's accumulator, Adam's v
  std::vector<torch::Tensor> changes_;  // views of change_, as the parameters
  torch::Tensor rate_;                  // float64 scalar on the device
  torch::Tensor norm_;                  // the same
  std::int64_t steps_ = 0;
};

}  // namespace peculiar
