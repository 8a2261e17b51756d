// From a cube to the flattened final state of the last ConvLSTM: two Conv2D-lambda blocks and three
// ConvLSTM blocks, slice by slice through all of them. Shared by all threads; a thread works with a
// tape of its own.
#pragma once

#include <vector>

#include "core/network/conv_block.h"
#include "core/network/lstm_block.h"

namespace peculiar {

template <typename T>
class Encoder {
 public:
  struct Tape {
    MapStack<T> slice;  // of the cube
    std::vector<typename ConvBlock<T>::Tape> conv;
    std::vector<typename LstmBlock<T>::Tape> lstm;
    // Gradients of the blocks' outputs at the slice that Backward is at.
    std::vector<MapStack<T>> conv_gradients;
    std::vector<MapStack<T>> lstm_gradients;
  };

  Encoder(const NetworkConfig& config, const ParameterLayout& layout);

  void Pack(const T* parameters);
  // A tape for both directions keeps the ConvLSTMs' states of every slice, one for Forward alone of
  // two.
  Tape MakeTape(bool for_backward) const;

  // cube: [channels][size][size]. flat: config.flat() values, written.
  void Forward(Tape& tape, const T* cube, T* flat) const;
  // After Forward of the same cube. flat_gradient: config.flat() values. Adds to `gradient`, a flat
  // array of all parameters.
  void Backward(Tape& tape, const T* cube, const T* flat_gradient, T* gradient) const;

 private:
  // The Conv2D-lambda blocks on slice t of a cube.
  void ConvForward(Tape& tape, const T* cube, int t) const;
  void LstmForward(Tape& tape, int t) const;
  void BackwardSlice(Tape& tape, const T* cube, int t) const;

  int channels_;
  int size_;
  int last_width_;
  std::vector<ConvBlock<T>> conv_;
  std::vector<LstmBlock<T>> lstm_;
};

}  // namespace peculiar
