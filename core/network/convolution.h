// A 3 x 3 convolution with TensorFlow's `same` padding between two maps of any size: a big one and,
// `stride` times smaller, a small one. Every convolution of the network is one of these in one
// direction:
//   a convolution       forward ToSmall, gradient of its input ToBig
//   a transposed one    forward ToBig,   gradient of its input ToSmall
// and both have the same gradient of the kernel. Weights are packed once per step and then shared
// by all threads; packed or not, they belong to the caller's parameters.
#pragma once

#include <optional>
#include <vector>

#include "core/network/feature_map.h"
#include "core/network/kernels.h"
#include "core/network/plane_convolution.h"

namespace peculiar {

// Rows or columns of a ConvPass: position n has the output pixels first + out_step n + (0 .. block
// - 1).
struct PassAxis {
  int first = 0;
  int block = 1;
  int out_step = 1;
  int in_step = 1;  // of the input, from one position to the next
  int positions = 0;
  std::vector<int> reach;  // the input pixels that it meets, counted from in_step n
};

// One call of a convolution kernel: for each position of a coarse grid, a block of neighbouring
// output pixels of a row at once. More than one where the output has so few channels that a single
// pixel would leave most of a vector empty; weights outside the window are then zero.
template <typename T>
struct ConvPass {
  PassAxis rows;
  PassAxis columns;
  int lanes = 0;              // of all pixels of a block
  int across = 0;             // the width, when it is ConvolveAcross's
  std::vector<ConvRun> runs;  // offsets from the input pixel of a position
  AlignedBuffer<T> weights;   // as ConvSource
  AlignedBuffer<T> bias;      // [lanes]
};

template <typename T>
class Convolution {
 public:
  // Of maps [rows][columns] and [ceil(rows / stride)][ceil(columns / stride)]; stride is 1 or 2.
  // At stride 1 the maps may lie in planes: both, or one of a single plane.
  Convolution(int rows, int columns, int stride, ChannelLanes big, ChannelLanes small);

  MapShape big() const { return big_shape_; }
  MapShape small() const { return small_shape_; }

  // kernel: [3][3][big channels][small channels]. A bias is added in its direction; null is none.
  void Pack(const T* kernel, const T* big_bias, const T* small_bias);

  // Writes every pixel of the map that it goes to.
  void ToSmall(Map<T> big, Map<T> small) const;
  void ToBig(Map<T> small, Map<T> big) const;
  // ToSmall of two convolutions with the same small map, summed in registers. The small map's
  // pixels have at least 16 lanes. The bias is that of `first`.
  static void SumToSmall(const Convolution& first, Map<T> first_big, const Convolution& second,
                         Map<T> second_big, Map<T> small);

  // gradient: GradientSize() values in a layout of the kernels', added to.
  void AddGradient(Map<T> big, Map<T> small, T* gradient) const;
  std::size_t GradientSize() const;
  // Adds such a gradient to one in the kernel's own layout.
  void UnpackGradient(const T* gradient, T* kernel_gradient) const;

 private:
  enum class Direction { kToSmall, kToBig };

  const MapShape& InOf(Direction direction) const {
    return direction == Direction::kToSmall ? big_shape_ : small_shape_;
  }
  const MapShape& OutOf(Direction direction) const {
    return direction == Direction::kToSmall ? small_shape_ : big_shape_;
  }
  std::vector<ConvPass<T>> MakePasses(Direction direction) const;
  ConvPass<T> MakePass(Direction direction, const PassAxis& rows, const PassAxis& columns) const;
  int AcrossWidth(Direction direction) const;
  int BlockOf(Direction direction) const;
  std::vector<PassAxis> MakeAxes(Direction direction, int out, int block, int pad) const;
  int WindowIndex(Direction direction, int sub, int d, int pad) const;
  void PackPass(Direction direction, const T* kernel, const T* bias, ConvPass<T>& pass) const;
  static std::size_t PlaceOf(const ConvPass<T>& pass, int values, int value, int lane);
  ConvSource<T> SourceOf(const ConvPass<T>& pass, Map<T> in) const;
  void Run(const ConvPass<T>& pass, Map<T> in, Map<T> out) const;

  int stride_;
  int pad_rows_;  // zeros before the first row
  int pad_columns_;
  ChannelLanes big_lanes_;
  ChannelLanes small_lanes_;
  MapShape big_shape_;
  MapShape small_shape_;
  std::vector<ConvPass<T>> to_small_;
  std::vector<ConvPass<T>> to_big_;
  std::optional<PlaneConvolution<T>> planes_;  // instead, when both maps lie in planes
};

}  // namespace peculiar
