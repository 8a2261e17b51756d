#include "core/network/conv_layer.h"

namespace peculiar {
template <typename T>
ConvLayer<T>::ConvLayer(const ParameterLayout& layout, const std::string& kernel,
                        const std::string& bias, BiasSide side, int rows, int columns, int stride,
                        ChannelLanes big, ChannelLanes small)
    : kernel_(layout.OffsetOf(kernel)),
      bias_(side == BiasSide::kNone ? 0 : layout.OffsetOf(bias)),
      side_(side),
      bias_lanes_(side == BiasSide::kBig ? big : small),
      convolution_(rows, columns, stride, big, small) {}

template <typename T>
void ConvLayer<T>::Pack(const T* parameters) {
  const T* bias = parameters + bias_;
  convolution_.Pack(parameters + kernel_, side_ == BiasSide::kBig ? bias : nullptr,
                    side_ == BiasSide::kSmall ? bias : nullptr);
}

template <typename T>
ConvGradient<T> ConvLayer<T>::MakeGradient() const {
  return {AlignedBuffer<T>(convolution_.GradientSize()),
          AlignedBuffer<T>(static_cast<std::size_t>(bias_lanes_.lanes() * bias_lanes_.planes))};
}

template <typename T>
void ConvLayer<T>::AddGradient(Map<T> big, Map<T> small, ConvGradient<T>& sums) const {
  convolution_.AddGradient(big, small, sums.kernel.data());
  if (side_ != BiasSide::kNone) AddPixels(side_ == BiasSide::kBig ? big : small, sums.bias.data());
}

template <typename T>
void ConvLayer<T>::Unpack(const ConvGradient<T>& sums, T* gradient) const {
  convolution_.UnpackGradient(sums.kernel.data(), gradient + kernel_);
  if (side_ == BiasSide::kNone) return;
  for (int channel = 0; channel < bias_lanes_.channels; ++channel) {
    gradient[bias_ + static_cast<std::size_t>(channel)] +=
        sums.bias[static_cast<std::size_t>(bias_lanes_.LaneOf(channel))];
  }
}

template class ConvLayer<float>;
template class ConvLayer<double>;

}  // namespace peculiar
