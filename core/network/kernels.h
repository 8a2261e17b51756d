// The few loops that take the time, in SIMD for the machine they run on (Highway, chosen at run
// time: AVX-512, AVX2 or plain scalar code). For float and double. Pixels and lanes as
// feature_map.h lays them out; steps count values. Pure functions of their arguments: for float,
// every value is summed in an order that does not depend on the width of the vectors. Between maps
// in planes: plane_kernels.h.
#pragma once

#include <cstddef>
#include <span>

#include "core/network/feature_map.h"

namespace peculiar {

using Step = std::ptrdiff_t;

// Weights are packed in groups of this many output lanes (the last one may be narrower).
inline constexpr int kLaneGroup = 32;

// So many values in a row from `offset` on meet as many rows of weights.
struct ConvRun {
  Step offset = 0;
  int length = 0;
};

// One input of a convolution. For output pixel (y, x) the runs start at data + y row + x pixel.
template <typename T>
struct ConvSource {
  const T* data = nullptr;
  Step row = 0;
  Step pixel = 0;
  std::span<const ConvRun> runs;
  const T* weights = nullptr;  // [lane group][value, over all runs][lanes of the group]
};

// out(y, x)[lane] = bias[lane] + sum over sources and values of value x weight. `lanes`: 4, 8 or a
// multiple of 16.
template <typename T>
struct ConvCall {
  int rows = 0;
  int columns = 0;
  int lanes = 0;
  std::span<const ConvSource<T>> sources;
  const T* bias = nullptr;
  T* out = nullptr;
  Step out_row = 0;
  Step out_pixel = 0;
};
template <typename T>
void Convolve(const ConvCall<T>& call);

// The same for a few output lanes, 1, 4 or 8, of one source: vectors lie along the values and are
// summed across their lanes at the end. width: 4, 8 or 16, all runs are multiples of it long.
// Weights are packed [width values][lane][width] over all runs.
template <typename T>
void ConvolveAcross(const ConvCall<T>& call, int width);

// The gradient of a 3 x 3 kernel between a big map and a small one:
//   gradient[window row][value][lane] += sum over pixels of big value x small lane,
// where the values are the 3 pixels x lanes of the big map that a window's row covers. With at most
// 8 small lanes the gradient lies as [window row][lane][GradientStride(run_length)] instead, so
// that the longer side fills the vectors.
template <typename T>
struct KernelGradientCall {
  int rows = 0;  // of the small map
  int columns = 0;
  const T* big = nullptr;  // the first value of the window of small pixel (0, 0)
  Step big_row = 0;        // a step of the small map
  Step big_pixel = 0;
  Step window_row = 0;  // from a window's row to the next
  int run_length = 0;   // 3 x lanes of the big map
  const T* small = nullptr;
  Step small_row = 0;
  int small_lanes = 0;  // 1, 4, 8 or a multiple of 16
  T* gradient = nullptr;
};
template <typename T>
void AddKernelGradient(const KernelGradientCall<T>& call);
constexpr bool GradientIsTransposed(int small_lanes) { return small_lanes <= 8; }
constexpr int GradientStride(int run_length) { return PaddedLanes(run_length); }
// Values of such a gradient.
std::size_t KernelGradientSize(int run_length, int small_lanes);

// sums[lane or plane] += the map's, over all pixels: the gradient of a bias.
template <typename T>
void AddPixels(Map<T> map, T* sums);

// Keras's LayerNormalization over the channels of every pixel: y = gamma (x - mean) / sqrt(variance
// + 1e-3) + beta.
template <typename T>
struct NormCall {
  int channels = 0;
  const T* gamma = nullptr;  // [lanes], pads 0
  const T* beta = nullptr;
  const T* mask = nullptr;  // 1 for a channel, 0 for a pad
  Map<T> x;                 // in planes: y in planes or in pixels of 4 lanes; otherwise y is as x
  Map<T> y;                 // forward: written. backward: the gradient of y, read
  T* mean = nullptr;        // [rows][NormStride(columns)]
  T* deviation = nullptr;   // 1 / sqrt(variance + 1e-3), the same layout
  // Backward only.
  Map<T> x_gradient;            // written
  T* gamma_gradient = nullptr;  // [lanes], added to
  T* beta_gradient = nullptr;
};
constexpr int NormStride(int columns) { return (columns + 15) / 16 * 16; }
template <typename T>
void NormForward(const NormCall<T>& call);
template <typename T>
void NormBackward(const NormCall<T>& call);

// The cell of a ConvLSTM, pixel by pixel. Gates lie in the order i, f, c, o.
template <typename T>
struct CellCall {
  bool hard_sigmoid = true;  // or sigmoid
  bool tanh = false;         // or linear
  Map<T> gates;              // forward: sums in, activated gates out. backward: read
  Map<T> cell_before;        // c of the step before; values null at the first step
  Map<T> cell;
  Map<T> active_cell;  // act(c)
  Map<T> hidden;       // forward: written
  // Backward only. The gradient of h is the sum of two; either may be null.
  Map<T> hidden_gradient;
  Map<T> hidden_gradient_next;
  Map<T> cell_gradient;  // of c; replaced by that of the step before
  Map<T> gate_gradient;  // of the sums; written
};
template <typename T>
void CellForward(const CellCall<T>& call);
template <typename T>
void CellBackward(const CellCall<T>& call);

// values = elu(values), alpha 1. Values up to the next multiple of 16 are touched.
template <typename T>
void Elu(T* values, std::size_t n);
// gradient *= the derivative, by the values after Elu. Touches gradients as Elu does values.
template <typename T>
void EluBackward(const T* values, T* gradient, std::size_t n);

// Returns the sum of |image - target|, or of its square; gradient += weight x the derivative by
// image.
template <typename T>
struct ErrorCall {
  bool squared = false;
  const T* target = nullptr;
  const T* image = nullptr;
  std::size_t n = 0;  // a multiple of 8
  T weight = 0;
  T* gradient = nullptr;  // null: the sum alone
};
template <typename T>
double SumErrors(const ErrorCall<T>& call);

}  // namespace peculiar
