// A fully connected layer on one sample, by plain loops: under one per cent of a step. Works on
// flat arrays of all parameters and of their gradients; safe for concurrent use.
#pragma once

#include <string>

#include "core/network/parameter_layout.h"

namespace peculiar {

template <typename T>
class DenseLayer {
 public:
  // Parameters NAME.kernel [inputs][outputs] and NAME.bias.
  DenseLayer(const ParameterLayout& layout, const std::string& name, int inputs, int outputs);

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }

  // y = x kernel + bias
  void Forward(const T* parameters, const T* x, T* y) const;
  // Adds to x_gradient and to the parameters' gradients.
  void Backward(const T* parameters, const T* x, const T* y_gradient, T* x_gradient,
                T* gradient) const;

 private:
  std::size_t inputs_;
  std::size_t outputs_;
  std::size_t kernel_;
  std::size_t bias_;
};

}  // namespace peculiar
