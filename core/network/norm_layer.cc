#include "core/network/norm_layer.h"

#include <algorithm>

namespace peculiar {

template <typename T>
NormLayer<T>::NormLayer(const ParameterLayout& layout, const std::string& name, int channels)
    : channels_(channels),
      gamma_offset_(layout.OffsetOf(name + ".norm.gamma")),
      beta_offset_(layout.OffsetOf(name + ".norm.beta")) {
  const auto lanes = static_cast<std::size_t>(PaddedLanes(channels));
  gamma_ = AlignedBuffer<T>(lanes);
  beta_ = AlignedBuffer<T>(lanes);
  mask_ = AlignedBuffer<T>(lanes);
  std::fill_n(mask_.data(), channels, T(1));
}

template <typename T>
void NormLayer<T>::Pack(const T* parameters) {
  std::copy_n(parameters + gamma_offset_, channels_, gamma_.data());
  std::copy_n(parameters + beta_offset_, channels_, beta_.data());
}

template <typename T>
NormTape<T> NormLayer<T>::MakeTape(MapShape shape) const {
  NormTape<T> tape;
  const auto size = static_cast<std::size_t>(shape.rows * NormStride(shape.columns));
  tape.mean = AlignedBuffer<T>(size);
  tape.deviation = AlignedBuffer<T>(size);
  tape.gamma_gradient = AlignedBuffer<T>(gamma_.size());
  tape.beta_gradient = AlignedBuffer<T>(beta_.size());
  return tape;
}

template <typename T>
NormCall<T> NormLayer<T>::CallFor(NormTape<T>& tape, Map<T> x, Map<T> y) const {
  return {channels_, gamma_.data(),    beta_.data(),         mask_.data(), x,
          y,         tape.mean.data(), tape.deviation.data()};
}

template <typename T>
void NormLayer<T>::Forward(NormTape<T>& tape, Map<T> x, Map<T> y) const {
  NormForward(CallFor(tape, x, y));
}

template <typename T>
void NormLayer<T>::Backward(NormTape<T>& tape, Map<T> x, Map<T> y_gradient,
                            Map<T> x_gradient) const {
  NormCall<T> call = CallFor(tape, x, y_gradient);
  call.x_gradient = x_gradient;
  call.gamma_gradient = tape.gamma_gradient.data();
  call.beta_gradient = tape.beta_gradient.data();
  NormBackward(call);
}

template <typename T>
void NormLayer<T>::Unpack(const NormTape<T>& tape, T* gradient) const {
  for (std::size_t i = 0; i < static_cast<std::size_t>(channels_); ++i) {
    gradient[gamma_offset_ + i] += tape.gamma_gradient[i];
    gradient[beta_offset_ + i] += tape.beta_gradient[i];
  }
}

template class NormLayer<float>;
template class NormLayer<double>;

}  // namespace peculiar
