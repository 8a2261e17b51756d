// A block of the decoder on one slice: a transposed 3 x 3 convolution that doubles the image, with
// linear activation, then LayerNorm. Forward, loss and backward of a slice follow each other, so a
// tape holds a single slice. The block is shared by all threads, a tape is not.
#pragma once

#include <string>

#include "core/network/conv_layer.h"
#include "core/network/norm_layer.h"

namespace peculiar {

template <typename T>
class UpsampleBlock {
 public:
  struct Tape {
    MapStack<T> sums;    // of the convolution
    MapStack<T> output;  // of LayerNorm
    NormTape<T> norm;
    MapStack<T> sum_gradient;
    ConvGradient<T> gradient;
  };

  // name: "decoder.block_1". size: of the input images; the output's is twice that.
  UpsampleBlock(const ParameterLayout& layout, const std::string& name, int size, int inputs,
                int outputs);

  void Pack(const T* parameters);
  Tape MakeTape() const;
  MapShape input_shape() const { return convolution_.convolution().small(); }
  MapShape output_shape() const { return convolution_.convolution().big(); }

  void Forward(Tape& tape, Map<T> input) const;
  // input: as in Forward. output_gradient is read, input_gradient written; gradients of the
  // parameters are added to the tape's.
  void Backward(Tape& tape, Map<T> input, Map<T> output_gradient, Map<T> input_gradient) const;

  static void ClearGradient(Tape& tape);
  // Adds the tape's gradients to a flat array of all parameters.
  void Unpack(const Tape& tape, T* gradient) const;

 private:
  ConvLayer<T> convolution_;
  NormLayer<T> norm_;
};

}  // namespace peculiar
