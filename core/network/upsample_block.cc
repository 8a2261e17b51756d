#include "core/network/upsample_block.h"

namespace peculiar {

template <typename T>
UpsampleBlock<T>::UpsampleBlock(const ParameterLayout& layout, const std::string& name, int size,
                                int inputs, int outputs)
    : convolution_(layout, name + ".kernel", name + ".bias", BiasSide::kBig, 2 * size, 2 * size,
                   /*stride=*/2, ChannelLanes::Of(outputs), ChannelLanes::Of(inputs)),
      norm_(layout, name, outputs) {}

template <typename T>
void UpsampleBlock<T>::Pack(const T* parameters) {
  convolution_.Pack(parameters);
  norm_.Pack(parameters);
}

template <typename T>
typename UpsampleBlock<T>::Tape UpsampleBlock<T>::MakeTape() const {
  Tape tape;
  tape.sums = MapStack<T>(output_shape(), 1);
  tape.output = MapStack<T>(output_shape(), 1);
  tape.norm = norm_.MakeTape(output_shape());
  tape.sum_gradient = MapStack<T>(output_shape(), 1);
  tape.gradient = convolution_.MakeGradient();
  return tape;
}

template <typename T>
void UpsampleBlock<T>::Forward(Tape& tape, Map<T> input) const {
  convolution_.convolution().ToBig(input, tape.sums[0]);
  norm_.Forward(tape.norm, tape.sums[0], tape.output[0]);
}

template <typename T>
void UpsampleBlock<T>::Backward(Tape& tape, Map<T> input, Map<T> output_gradient,
                                Map<T> input_gradient) const {
  const Map<T> gradient = tape.sum_gradient[0];
  norm_.Backward(tape.norm, tape.sums[0], output_gradient, gradient);
  convolution_.AddGradient(gradient, input, tape.gradient);
  convolution_.convolution().ToSmall(gradient, input_gradient);
}

template <typename T>
void UpsampleBlock<T>::ClearGradient(Tape& tape) {
  tape.gradient.Clear();
  tape.norm.ClearGradient();
}

template <typename T>
void UpsampleBlock<T>::Unpack(const Tape& tape, T* gradient) const {
  convolution_.Unpack(tape.gradient, gradient);
  norm_.Unpack(tape.norm, gradient);
}

template class UpsampleBlock<float>;
template class UpsampleBlock<double>;

}  // namespace peculiar
