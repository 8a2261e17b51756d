// A Conv2D-lambda block on one slice: a series of 3 x 3 convolutions with linear activation, then
// LayerNorm. Weights are the same for every slice. A tape holds one slice: computing it again is
// cheaper than fetching it from memory. The block is shared by all threads, a tape is not.
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
    std::vector<MapStack<T>> sums;  // of every convolution
    MapStack<T> output;             // of LayerNorm
    NormTape<T> norm;
    std::vector<MapStack<T>> sum_gradients;
    std::vector<ConvGradient<T>> gradients;
    AlignedBuffer<T> scratch;
  };

  // name: "encoder.conv_block_1". Images of size x size; `inputs` channels (or an image) in,
  // `outputs` out.
  ConvBlock(const ParameterLayout& layout, const std::string& name, int size, ChannelLanes inputs,
            int outputs, int convolutions);

  void Pack(const T* parameters);
  Tape MakeTape() const;

  void Forward(Tape& tape, Map<T> input) const;
  // After Forward of the same input. output_gradient is read; input_gradient is written unless its
  // values are null. Gradients of the parameters are added to the tape's.
  void Backward(Tape& tape, Map<T> input, Map<T> output_gradient, Map<T> input_gradient) const;

  static void ClearGradient(Tape& tape);
  // Adds the tape's gradients to a flat array of all parameters.
  void Unpack(const Tape& tape, T* gradient) const;

 private:
  std::vector<ConvLayer<T>> convolutions_;
  NormLayer<T> norm_;
};

}  // namespace peculiar
