#include "core/network/conv_block.h"

#include <fmt/format.h>

#include <cassert>

namespace peculiar {

ChannelLanes ConvOutput(const NetworkConfig& config, std::size_t block) {
  const int channels = config.conv_channels[block];
  const bool planes = block + 1 < config.conv_channels.size() &&
                      ChannelLanes::FitPlanes(channels) &&
                      ChannelLanes::FitPlanes(config.conv_channels[block + 1]);
  return planes ? ChannelLanes::Planes(channels) : ChannelLanes::Of(channels);
}

template <typename T>
ConvBlock<T>::ConvBlock(const ParameterLayout& layout, const std::string& name, int size,
                        ChannelLanes inputs, ChannelLanes outputs, int convolutions)
    : output_shape_(MapShape::Of(size, size, outputs)), norm_(layout, name, outputs.channels) {
  const int channels = outputs.channels;
  assert(!outputs.in_planes() || inputs.in_planes());
  const ChannelLanes sums = inputs.in_planes() && ChannelLanes::FitPlanes(channels)
                                ? ChannelLanes::Planes(channels)
                                : ChannelLanes::Of(channels);
  for (int k = 1; k <= convolutions; ++k) {
    const std::string layer = fmt::format("{}.conv_{}", name, k);
    convolutions_.emplace_back(layout, layer + ".kernel", layer + ".bias", BiasSide::kSmall, size,
                               size, /*stride=*/1, inputs, sums);
    inputs = sums;
  }
}

template <typename T>
void ConvBlock<T>::Pack(const T* parameters) {
  for (ConvLayer<T>& layer : convolutions_) layer.Pack(parameters);
  norm_.Pack(parameters);
}

template <typename T>
typename ConvBlock<T>::Tape ConvBlock<T>::MakeTape() const {
  Tape tape;
  for (const ConvLayer<T>& layer : convolutions_) {
    tape.sums.emplace_back(layer.convolution().small(), 1);
    tape.sum_gradients.emplace_back(layer.convolution().small(), 1);
    tape.gradients.push_back(layer.MakeGradient());
  }
  tape.output = MapStack<T>(output_shape_, 1);
  tape.norm = norm_.MakeTape(tape.output.shape());
  return tape;
}

template <typename T>
void ConvBlock<T>::Forward(Tape& tape, Map<T> input) const {
  for (std::size_t k = 0; k < convolutions_.size(); ++k) {
    const Map<T> in = k == 0 ? input : tape.sums[k - 1][0];
    convolutions_[k].convolution().ToSmall(in, tape.sums[k][0]);
  }
  norm_.Forward(tape.norm, tape.sums.back()[0], tape.output[0]);
}

template <typename T>
void ConvBlock<T>::Backward(Tape& tape, Map<T> input, Map<T> output_gradient,
                            Map<T> input_gradient) const {
  norm_.Backward(tape.norm, tape.sums.back()[0], output_gradient, tape.sum_gradients.back()[0]);
  for (std::size_t k = convolutions_.size(); k-- > 0;) {
    const Map<T> gradient = tape.sum_gradients[k][0];
    convolutions_[k].AddGradient(k == 0 ? input : tape.sums[k - 1][0], gradient, tape.gradients[k]);
    const Map<T> to = k == 0 ? input_gradient : tape.sum_gradients[k - 1][0];
    if (to.values == nullptr) continue;
    convolutions_[k].convolution().ToBig(gradient, to);
  }
}

template <typename T>
void ConvBlock<T>::ClearGradient(Tape& tape) {
  for (ConvGradient<T>& sums : tape.gradients) sums.Clear();
  tape.norm.ClearGradient();
}

template <typename T>
void ConvBlock<T>::Unpack(const Tape& tape, T* gradient) const {
  for (std::size_t k = 0; k < convolutions_.size(); ++k) {
    convolutions_[k].Unpack(tape.gradients[k], gradient);
  }
  norm_.Unpack(tape.norm, gradient);
}

template class ConvBlock<float>;
template class ConvBlock<double>;

}  // namespace peculiar
