// A Conv2D-lambda block on one slice: a series of 3 x 3 convolutions with linear activation, then
// LayerNorm. Weights are the same for every slice. The block is shared by all threads; a thread
// works with a tape of its own.
#pragma once

#include <string>
#include <vector>

#include "core/network/conv_layer.h"
#include "core/network/norm_layer.h"

namespace peculiar {

template <typename T>
class ConvBlock {
 public:
  struct Tape {
    std::vector<MapStack<T>> sums;  // of every convolution, a map a slot
    MapStack<T> output;             // a map a slot
    NormTape<T> norm;
    std::vector<MapStack<T>> sum_gradients;  // a single map each
    std::vector<ConvGradient<T>> gradients;
    AlignedBuffer<T> scratch;
  };

  // name: "encoder.conv_block_1". Images of size x size; `inputs` channels (or an image) in,
  // `outputs` out.
  ConvBlock(const ParameterLayout& layout, const std::string& name, int size, ChannelLanes inputs,
            int outputs, int convolutions);

  void Pack(const T* parameters);
  Tape MakeTape(int slots) const;

  // Fills the slot of every stack of the tape.
  void Forward(Tape& tape, int slot, Map<T> input) const;
  // input: as in Forward. output_gradient is read; input_gradient is written unless its values are
  // null. Gradients of the parameters are added to the tape's.
  void Backward(Tape& tape, int slot, Map<T> input, Map<T> output_gradient,
                Map<T> input_gradient) const;

  static void ClearGradient(Tape& tape);
  // Adds the tape's gradients to a flat array of all parameters.
  void Unpack(const Tape& tape, T* gradient) const;

 private:
  std::vector<ConvLayer<T>> convolutions_;
  NormLayer<T> norm_;
};

}  // namespace peculiar
