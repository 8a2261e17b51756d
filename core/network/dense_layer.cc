#include "core/network/dense_layer.h"

#include <algorithm>

namespace peculiar {

template <typename T>
DenseLayer<T>::DenseLayer(const ParameterLayout& layout, const std::string& name, int inputs,
                          int outputs)
    : inputs_(static_cast<std::size_t>(inputs)),
      outputs_(static_cast<std::size_t>(outputs)),
      kernel_(layout.OffsetOf(name + ".kernel")),
      bias_(layout.OffsetOf(name + ".bias")) {}

template <typename T>
void DenseLayer<T>::Forward(const T* parameters, const T* x, T* y) const {
  std::copy_n(parameters + bias_, outputs_, y);
  for (std::size_t i = 0; i < inputs_; ++i) {
    const T* row = parameters + kernel_ + i * outputs_;
    for (std::size_t o = 0; o < outputs_; ++o) y[o] += x[i] * row[o];
  }
}

template <typename T>
void DenseLayer<T>::Backward(const T* parameters, const T* x, const T* y_gradient, T* x_gradient,
                             T* gradient) const {
  for (std::size_t i = 0; i < inputs_; ++i) {
    const T* row = parameters + kernel_ + i * outputs_;
    T* row_gradient = gradient + kernel_ + i * outputs_;
    T sum = 0;
    for (std::size_t o = 0; o < outputs_; ++o) {
      sum += row[o] * y_gradient[o];
      row_gradient[o] += x[i] * y_gradient[o];
    }
    x_gradient[i] += sum;
  }
  for (std::size_t o = 0; o < outputs_; ++o) gradient[bias_ + o] += y_gradient[o];
}

template class DenseLayer<float>;
template class DenseLayer<double>;

}  // namespace peculiar
