#include "core/network/encoder.h"

#include <fmt/format.h>

#include "core/network/flat_map.h"

namespace peculiar {

template <typename T>
Encoder<T>::Encoder(const NetworkConfig& config, const ParameterLayout& layout)
    : channels_(config.channels), size_(config.size), last_width_(config.lstm_channels.back()) {
  ChannelLanes inputs = ChannelLanes::Image();
  for (std::size_t b = 0; b < config.conv_channels.size(); ++b) {
    const ChannelLanes outputs = ConvOutput(config, b);
    conv_.emplace_back(layout, fmt::format("encoder.conv_block_{}", b + 1), size_, inputs, outputs,
                       config.convs_per_block);
    inputs = outputs;
  }
  int width = config.conv_channels.back();
  int size = size_;
  for (std::size_t b = 0; b < config.lstm_channels.size(); ++b) {
    lstm_.emplace_back(layout, fmt::format("encoder.lstm_block_{}", b + 1), size, width,
                       config.lstm_channels[b], config.recurrent_activation,
                       config.cell_activation);
    width = config.lstm_channels[b];
    size /= 2;
  }
}

template <typename T>
void Encoder<T>::Pack(const T* parameters) {
  for (ConvBlock<T>& block : conv_) block.Pack(parameters);
  for (LstmBlock<T>& block : lstm_) block.Pack(parameters);
}

template <typename T>
typename Encoder<T>::Tape Encoder<T>::MakeTape(bool for_backward) const {
  Tape tape;
  tape.slice = MapStack<T>(MapShape::Of(size_, size_, ChannelLanes::Image()), 1);
  for (const ConvBlock<T>& block : conv_) {
    tape.conv.push_back(block.MakeTape());
    tape.conv_gradients.emplace_back(tape.conv.back().output.shape(), 1);
  }
  for (const LstmBlock<T>& block : lstm_) {
    tape.lstm.push_back(block.MakeTape(for_backward ? channels_ : 2));
    tape.lstm_gradients.emplace_back(block.output_shape(), 1);
  }
  return tape;
}

template <typename T>
void Encoder<T>::ConvForward(Tape& tape, const T* cube, int t) const {
  FromFlat(cube + static_cast<Step>(t) * size_ * size_, 1, tape.slice[0]);
  for (std::size_t b = 0; b < conv_.size(); ++b) {
    conv_[b].Forward(tape.conv[b], b == 0 ? tape.slice[0] : tape.conv[b - 1].output[0]);
  }
}

template <typename T>
void Encoder<T>::LstmForward(Tape& tape, int t) const {
  Map<T> in = tape.conv.back().output[0];
  for (std::size_t b = 0; b < lstm_.size(); ++b) {
    lstm_[b].Forward(tape.lstm[b], t, in);
    if (b + 1 == lstm_.size() && t + 1 < channels_) break;  // only its final state is handed on
    lstm_[b].Normalise(tape.lstm[b], t);
    in = tape.lstm[b].output[0];
  }
}

template <typename T>
void Encoder<T>::Forward(Tape& tape, const T* cube, T* flat) const {
  for (int t = 0; t < channels_; ++t) {
    ConvForward(tape, cube, t);
    LstmForward(tape, t);
  }
  ToFlat(tape.lstm.back().output[0], last_width_, flat);
}

// What Forward did not keep is computed again: every block's output of this slice.
template <typename T>
void Encoder<T>::BackwardSlice(Tape& tape, const T* cube, int t) const {
  const bool last_slice = t + 1 == channels_;
  ConvForward(tape, cube, t);
  for (std::size_t b = 0; b + 1 < lstm_.size(); ++b) lstm_[b].Normalise(tape.lstm[b], t);
  for (std::size_t b = lstm_.size(); b-- > 0;) {
    const bool has_gradient = last_slice || b + 1 < lstm_.size();
    if (has_gradient) lstm_[b].NormaliseBackward(tape.lstm[b], t, tape.lstm_gradients[b][0]);
    const Map<T> in = b > 0 ? tape.lstm[b - 1].output[0] : tape.conv.back().output[0];
    const Map<T> to = b > 0 ? tape.lstm_gradients[b - 1][0] : tape.conv_gradients.back()[0];
    lstm_[b].Backward(tape.lstm[b], t, in, has_gradient, to);
  }
  for (std::size_t b = conv_.size(); b-- > 0;) {
    const Map<T> in = b > 0 ? tape.conv[b - 1].output[0] : tape.slice[0];
    const Map<T> to = b > 0 ? tape.conv_gradients[b - 1][0] : Map<T>();
    conv_[b].Backward(tape.conv[b], in, tape.conv_gradients[b][0], to);
  }
}

template <typename T>
void Encoder<T>::Backward(Tape& tape, const T* cube, const T* flat_gradient, T* gradient) const {
  for (auto& block : tape.conv) ConvBlock<T>::ClearGradient(block);
  for (auto& block : tape.lstm) LstmBlock<T>::ClearGradient(block);
  FromFlat(flat_gradient, last_width_, tape.lstm_gradients.back()[0]);
  for (int t = channels_; t-- > 0;) BackwardSlice(tape, cube, t);
  for (std::size_t b = 0; b < conv_.size(); ++b) conv_[b].Unpack(tape.conv[b], gradient);
  for (std::size_t b = 0; b < lstm_.size(); ++b) lstm_[b].Unpack(tape.lstm[b], gradient);
}

template class Encoder<float>;
template class Encoder<double>;

}  // namespace peculiar
