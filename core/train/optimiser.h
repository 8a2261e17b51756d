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

// Updates `parameters` in place from their .grad; a parameter without a gradient is left alone.
// Tensors are shared with the network, not copied. Not for concurrent use.
class Optimiser {
 public:
  using Parameters = std::vector<std::pair<std::string, torch::Tensor>>;

  // Adagrad: a += g^2, w -= rate g / sqrt(a + 1e-7), a starts at 0.1. Adam: beta 0.9 and 0.999,
  // w -= rate_t m / (sqrt(v) + 1e-7), rate_t = rate sqrt(1 - 0.999^t) / (1 - 0.9^t).
  Optimiser(OptimiserKind kind, Parameters parameters);

  // Euclidean norm of all gradients together, summed in double. NaN or infinite when one is.
  double GradientNorm() const;

  // One update at this learning rate, with every gradient multiplied by `scale`.
  void Step(double rate, double scale = 1);

  // Updates done.
  std::int64_t steps() const { return steps_; }

  // Adds the state to a checkpoint: "optimiser.PARAMETER.accumulator" for Adagrad, .first and
  // .second for Adam.
  void Save(TensorExport& tensors) const;

  // Takes the state of a checkpoint after `steps` updates. Errors as ImportTensor; then the state
  // is unusable.
  absl::Status Load(const TensorFile& tensors, std::int64_t steps);

 private:
  struct Slot {
    std::string name;  // of the parameter
    torch::Tensor parameter;
    torch::Tensor first;   // Adam's m; undefined for Adagrad
    torch::Tensor second;  // Adagrad's accumulator, Adam's v
  };

  std::vector<torch::Tensor> Gradients() const;  // those that are there
  std::string FirstName(std::string_view parameter) const;
  std::string SecondName(std::string_view parameter) const;

  OptimiserKind kind_;
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace peculiar
