// From the code of one slice to its image: three upsampling blocks, a 3 x 3 convolution to one
// channel, ELU; and back. Forward, loss and backward of a slice follow each other, so that
// everything stays in the cache. Shared by all threads; a thread works with a tape of its own.
#pragma once

#include <vector>

#include "core/network/upsample_block.h"

namespace peculiar {

template <typename T>
class Decoder {
 public:
  struct Tape {
    MapStack<T> code;
    std::vector<typename UpsampleBlock<T>::Tape> blocks;
    MapStack<T> sums;        // of the last convolution
    AlignedBuffer<T> image;  // [size][size], after ELU
    AlignedBuffer<T> image_gradient;
    MapStack<T> sum_gradient;
    std::vector<MapStack<T>> input_gradients;  // of the blocks' inputs, then of the convolution's
    ConvGradient<T> gradient;
  };

  Decoder(const NetworkConfig& config, const ParameterLayout& layout);

  void Pack(const T* parameters);
  Tape MakeTape() const;

  // code: config.flat() values. Fills tape.image.
  void Forward(Tape& tape, const T* code) const;
  // Takes tape.image_gradient. code_gradient: config.flat() values, written. Gradients of the
  // parameters are added to the tape's.
  void Backward(Tape& tape, T* code_gradient) const;

  static void ClearGradient(Tape& tape);
  // Adds the tape's gradients to a flat array of all parameters.
  void Unpack(const Tape& tape, T* gradient) const;

 private:
  int code_width_;
  std::vector<UpsampleBlock<T>> blocks_;
  ConvLayer<T> output_;
};

}  // namespace peculiar
