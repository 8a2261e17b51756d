// A ConvLSTM2D block on one cube, slice by slice: Shi et al. 2015 without peepholes, as Keras has
// it, from zero states, its input convolution halving the image; then LayerNorm.
//   i, f, o = gate(W x_t + U h + b),  c = f c + i act(..),  h = o act(c),  gates in the order i, f,
//   c, o.
// Forward goes from the first slice on, backward from the last. A tape holds a slot a slice; with
// two slots, used in turn, only Forward works. LayerNorm's part holds one slice: computing it again
// is cheaper than fetching it from memory. The block is shared by all threads, a tape is not.
#pragma once

#include <string>

#include "core/network/conv_layer.h"
#include "core/network/norm_layer.h"

namespace peculiar {

template <typename T>
class LstmBlock {
 public:
  struct Tape {
    int slots = 0;
    MapStack<T> gates;  // a map a slot, as the next three
    MapStack<T> cell;
    MapStack<T> active_cell;  // empty for the linear cell, where it is `cell`
    MapStack<T> hidden;
    MapStack<T> output;  // of LayerNorm, of the slice of the last Normalise
    NormTape<T> norm;
    // Of the slice that Backward is at.
    MapStack<T> output_hidden_gradient;  // the gradient of h by way of the block's output
    MapStack<T> next_hidden_gradient;    // and by way of the next slice
    MapStack<T> cell_gradient;
    MapStack<T> gate_gradient;
    ConvGradient<T> input_gradient;
    ConvGradient<T> recurrent_gradient;
  };

  // name: "encoder.lstm_block_1". size: of the input images.
  LstmBlock(const ParameterLayout& layout, const std::string& name, int size, int inputs,
            int outputs, RecurrentActivation recurrent, CellActivation activation);

  void Pack(const T* parameters);
  Tape MakeTape(int slots) const;
  MapShape output_shape() const { return recurrent_.convolution().big(); }

  // Slice t: h and c from the input and the slice before.
  void Forward(Tape& tape, int t, Map<T> input) const;
  // The block's output of slice t, in tape.output.
  void Normalise(Tape& tape, int t) const;

  // From the gradient of that output to that of h, for the Backward of the same slice. After
  // Normalise of the same slice.
  void NormaliseBackward(Tape& tape, int t, Map<T> output_gradient) const;
  // Slice t. The gradient of h is what came back from slice t + 1 (none for the last) plus, when
  // `has_output_gradient`, what NormaliseBackward left. Writes input_gradient.
  void Backward(Tape& tape, int t, Map<T> input, bool has_output_gradient,
                Map<T> input_gradient) const;

  // Before the Backward of a cube's last slice.
  static void ClearGradient(Tape& tape);
  // Adds the tape's gradients to a flat array of all parameters.
  void Unpack(const Tape& tape, T* gradient) const;

 private:
  CellCall<T> CallFor(Tape& tape, int t) const;

  bool hard_sigmoid_;
  bool tanh_;
  ConvLayer<T> input_;
  ConvLayer<T> recurrent_;
  NormLayer<T> norm_;
};

}  // namespace peculiar
