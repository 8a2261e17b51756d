// A Conv2D-lambda block on one slice: a series of 3 x 3 convolutions with linear activation, then
// LayerNorm. Weights are the same for every slice. A tape holds one slice: computing it again is
// cheaper than fetching it from memory. The block is shared by all threads, a tape is not.
#pragma once

#include <string>
#include <vector>

#include "core/network/conv_layer.h"
#include "core/network/norm_layer.h"

namespace peculiar {

// How the output of a network's block, counted from 0, lies: in planes between two blocks of few
// channels.
ChannelLanes ConvOutput(const NetworkConfig& config, std::size_t block);

template <typename T>
class ConvBlock {
 public:
  struct Tape {
    std::vector<MapStack<T>> sums;  // of every convolution
    MapStack<T> output;             // of LayerNorm
    NormTape<T> norm;
    std::vector<MapStack<T>> sum_gradients;
    std::vector<ConvGradient<T>> gradients;
  };

  // name: "encoder.conv_block_1". Images of size x size. Outputs may lie in planes only when inputs
  // do, and both only when they fit (FitPlanes, or a single one).
  ConvBlock(const ParameterLayout& layout, const std::string& name, int size, ChannelLanes inputs,
            ChannelLanes outputs, int convolutions);

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
  MapShape output_shape_;
  std::vector<ConvLayer<T>> convolutions_;
  NormLayer<T> norm_;
};

}  // namespace peculiar
