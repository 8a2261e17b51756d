// Keras's LayerNormalization over the channels of each pixel, with its parameters gamma and beta.
// Shared by all threads between two calls of Pack; a thread's part is its NormTape.
#pragma once

#include <string>

#include "core/network/kernels.h"
#include "core/network/parameter_layout.h"

namespace peculiar {

// What one thread keeps: each pixel's mean and 1 / deviation, and the parameters' gradients.
template <typename T>
struct NormTape {
  AlignedBuffer<T> mean;
  AlignedBuffer<T> deviation;
  AlignedBuffer<T> gamma_gradient;
  AlignedBuffer<T> beta_gradient;

  void ClearGradient() {
    gamma_gradient.Clear();
    beta_gradient.Clear();
  }
};

template <typename T>
class NormLayer {
 public:
  // Parameters NAME.norm.gamma and NAME.norm.beta, of `channels`.
  NormLayer(const ParameterLayout& layout, const std::string& name, int channels);

  void Pack(const T* parameters);

  NormTape<T> MakeTape(MapShape shape) const;
  void Forward(NormTape<T>& tape, Map<T> x, Map<T> y) const;
  // After Forward of the same x. y_gradient is read, x_gradient written.
  void Backward(NormTape<T>& tape, Map<T> x, Map<T> y_gradient, Map<T> x_gradient) const;
  // Adds the tape's gradients to a flat array of all parameters.
  void Unpack(const NormTape<T>& tape, T* gradient) const;

 private:
  NormCall<T> CallFor(NormTape<T>& tape, Map<T> x, Map<T> y) const;

  int channels_;
  std::size_t gamma_offset_;
  std::size_t beta_offset_;
  AlignedBuffer<T> gamma_;  // padded with zeros
  AlignedBuffer<T> beta_;
  AlignedBuffer<T> mask_;
};

}  // namespace peculiar
