// The kernels of kernels.h for maps in planes: vectors lie along the rows, so that images of a few
// channels fill them.
#pragma once

#include "core/network/feature_map.h"
#include "core/network/kernels.h"

namespace peculiar {

// out[output](y, x) = bias[output] + sum over inputs and taps of value x weight, at stride 1. `in`
// and `out` are pixel (0, 0) of the first plane.
template <typename T>
struct PlaneConvCall {
  int rows = 0;
  int columns = 0;
  int inputs = 0;
  int outputs = 0;  // up to kMaxPlanes
  const T* in = nullptr;
  Step in_row = 0;
  Step in_plane = 0;
  const T* weights = nullptr;  // [input][tap][output]
  const T* bias = nullptr;     // [output]
  T* out = nullptr;
  Step out_row = 0;
  Step out_plane = 0;
};
template <typename T>
void ConvolvePlanes(const PlaneConvCall<T>& call);

// The gradient of such a kernel: kPlaneSums sums, a sum for all pixels whose columns are equal
// modulo that.
inline constexpr int kPlaneSums = 16;
template <typename T>
struct PlaneGradientCall {
  int rows = 0;
  int columns = 0;
  int inputs = 0;
  int outputs = 0;        // up to kMaxPlanes
  const T* in = nullptr;  // the first value of the window of pixel (0, 0)
  Step in_row = 0;
  Step in_plane = 0;
  const T* out = nullptr;  // the gradient of the outputs
  Step out_row = 0;
  Step out_plane = 0;
  T* gradient = nullptr;  // [input][tap][output][kPlaneSums], added to
};
template <typename T>
void AddPlaneGradient(const PlaneGradientCall<T>& call);

}  // namespace peculiar
