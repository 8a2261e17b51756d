// A 3 x 3 convolution with TensorFlow's `same` padding between two maps of any size: a big one and,
// `stride` times smaller, a small one. Every convolution of the network is one of these in one
// direction:
//   a convolution       forward ToSmall, gradient of its input ToBig
//   a transposed one    forward ToBig,   gradient of its input ToSmall
// and both have the same gradient of the kernel. Weights are packed once per step and then shared
// by all threads; packed or not, they belong to the caller's parameters.
#pragma once

#include <vector>

#include "core/network/feature_map.h"
#include "core/network/kernels.h"

namespace peculiar {

// One call of the convolution kernel: for each position of a coarse grid, `block` x `block`
// neighbouring output pixels at once. More than one where there are so few channels that a single
// pixel would leave most of a vector empty; weights outside the window are then zero.
template <typename T>
struct ConvPass {
  int block = 1;
  int first_row = 0;  // of the output, and its steps from one position to the next
  int first_column = 0;
  int out_step = 1;
  int in_step = 1;
  int rows = 0;  // positions
  int columns = 0;
  int lanes = 0;
  int pixel_lanes = 0;        // of the output map
  std::vector<ConvRun> runs;  // offsets from the input pixel of a position
  AlignedBuffer<T> weights;   // as ConvSource
  AlignedBuffer<T> bias;      // [lanes]
};

template <typename T>
class Convolution {
 public:
  // Of maps [rows][columns] and [ceil(rows / stride)][ceil(columns / stride)]; stride is 1 or 2.
  Convolution(int rows, int columns, int stride, ChannelLanes big, ChannelLanes small);

  MapShape big() const { return big_shape_; }
  MapShape small() const { return small_shape_; }

  // kernel: [3][3][big channels][small channels]. A bias is added in its direction; null is none.
  void Pack(const T* kernel, const T* big_bias, const T* small_bias);

  // Writes every pixel of `out`. scratch: ScratchSize() values.
  void ToSmall(Map<T> big, Map<T> small, T* scratch) const;
  void ToBig(Map<T> small, Map<T> big, T* scratch) const;
  // ToSmall of two convolutions with the same small map, summed in registers. The small map's
  // pixels have at least 16 lanes. The bias is that of `first`.
  static void SumToSmall(const Convolution& first, Map<T> first_big, const Convolution& second,
                         Map<T> second_big, Map<T> small);
  std::size_t ScratchSize() const;

  // gradient: GradientSize() values in the layout of AddKernelGradient, added to.
  void AddGradient(Map<T> big, Map<T> small, T* gradient) const;
  std::size_t GradientSize() const;
  // Adds such a gradient to one in the kernel's own layout.
  void UnpackGradient(const T* gradient, T* kernel_gradient) const;

 private:
  enum class Direction { kToSmall, kToBig };

  ConvPass<T> MakePass(Direction direction, int block, int first_row, int first_column) const;
  int BlockOf(Direction direction) const;
  int WindowIndex(Direction direction, int sub, int d, int pad) const;
  std::vector<int> Reach(Direction direction, int first, int block, int pad) const;
  void PackPass(Direction direction, const T* kernel, const T* bias, ConvPass<T>& pass) const;
  ConvSource<T> SourceOf(const ConvPass<T>& pass, Map<T> in) const;
  void Run(const ConvPass<T>& pass, Map<T> in, Map<T> out, T* scratch) const;

  int stride_;
  int pad_rows_;  // zeros before the first row
  int pad_columns_;
  ChannelLanes big_lanes_;
  ChannelLanes small_lanes_;
  MapShape big_shape_;
  MapShape small_shape_;
  std::vector<ConvPass<T>> to_small_;
  std::vector<ConvPass<T>> to_big_;
};

}  // namespace peculiar
