#include "core/network/decoder.h"

#include <fmt/format.h>

#include "core/network/flat_map.h"

namespace peculiar {

template <typename T>
Decoder<T>::Decoder(const NetworkConfig& config, const ParameterLayout& layout)
    : code_width_(config.lstm_channels.back()),
      output_(layout, "decoder.output.kernel", "decoder.output.bias", BiasSide::kSmall, config.size,
              config.size, /*stride=*/1, ChannelLanes::Of(config.decoder_channels.back()),
              ChannelLanes::Image()) {
  int width = code_width_;
  int size = config.grid();
  for (std::size_t b = 0; b < config.decoder_channels.size(); ++b) {
    blocks_.emplace_back(layout, fmt::format("decoder.block_{}", b + 1), size, width,
                         config.decoder_channels[b]);
    width = config.decoder_channels[b];
    size *= 2;
  }
}

template <typename T>
void Decoder<T>::Pack(const T* parameters) {
  for (UpsampleBlock<T>& block : blocks_) block.Pack(parameters);
  output_.Pack(parameters);
}

template <typename T>
typename Decoder<T>::Tape Decoder<T>::MakeTape() const {
  Tape tape;
  tape.code = MapStack<T>(blocks_.front().input_shape(), 1);
  for (const UpsampleBlock<T>& block : blocks_) {
    tape.blocks.push_back(block.MakeTape());
    tape.input_gradients.emplace_back(block.input_shape(), 1);
  }
  const Convolution<T>& output = output_.convolution();
  tape.input_gradients.emplace_back(output.big(), 1);
  tape.sums = MapStack<T>(output.small(), 1);
  tape.sum_gradient = MapStack<T>(output.small(), 1);
  const auto pixels = static_cast<std::size_t>(output.small().rows * output.small().columns);
  tape.image = AlignedBuffer<T>(pixels);
  tape.image_gradient = AlignedBuffer<T>(pixels);
  tape.gradient = output_.MakeGradient();
  return tape;
}

template <typename T>
void Decoder<T>::Forward(Tape& tape, const T* code) const {
  FromFlat(code, code_width_, tape.code[0]);
  Map<T> in = tape.code[0];
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    blocks_[b].Forward(tape.blocks[b], in);
    in = tape.blocks[b].output[0];
  }
  output_.convolution().ToSmall(in, tape.sums[0]);
  ToFlat(tape.sums[0], 1, tape.image.data());
  Elu(tape.image.data(), tape.image.size());
}

template <typename T>
void Decoder<T>::Backward(Tape& tape, T* code_gradient) const {
  EluBackward(tape.image.data(), tape.image_gradient.data(), tape.image.size());
  const Map<T> sums = tape.sum_gradient[0];
  FromFlat(tape.image_gradient.data(), 1, sums);
  output_.AddGradient(tape.blocks.back().output[0], sums, tape.gradient);
  output_.convolution().ToBig(sums, tape.input_gradients.back()[0]);
  for (std::size_t b = blocks_.size(); b-- > 0;) {
    const Map<T> in = b > 0 ? tape.blocks[b - 1].output[0] : tape.code[0];
    blocks_[b].Backward(tape.blocks[b], in, tape.input_gradients[b + 1][0],
                        tape.input_gradients[b][0]);
  }
  ToFlat(tape.input_gradients[0][0], code_width_, code_gradient);
}

template <typename T>
void Decoder<T>::ClearGradient(Tape& tape) {
  for (auto& block : tape.blocks) UpsampleBlock<T>::ClearGradient(block);
  tape.gradient.Clear();
}

template <typename T>
void Decoder<T>::Unpack(const Tape& tape, T* gradient) const {
  for (std::size_t b = 0; b < blocks_.size(); ++b) blocks_[b].Unpack(tape.blocks[b], gradient);
  output_.Unpack(tape.gradient, gradient);
}

template class Decoder<float>;
template class Decoder<double>;

}  // namespace peculiar
