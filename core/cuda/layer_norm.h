// Layer normalisation over the channels of a pixel on the GPU, forward and backward, in one pass
// over memory each: LibTorch's gives every pixel a block of threads, which a few channels cannot
// fill. Here a pixel is shared by lanes / 4 neighbouring threads. What is done with a pixel stands
// in functions that the host can run too: there one caller holds all of it.
//   y = gamma x^ + beta,  x^ = (x - mean) / sqrt(variance + epsilon)
#pragma once

#include <math.h>

#include <cstdint>

#include "core/cuda/launch.h"
#include "core/cuda/number.h"

namespace peculiar {

// Arrays of device memory, [pixels][lanes]; gamma, beta and their gradients [lanes]. T: float or
// BFloat16.
template <typename T>
struct LayerNormCall {
  int pixels = 0;
  int lanes = 0;  // 4, 8, 16, 32, 64 or 128
  float epsilon = 0;
  const T* input = nullptr;
  const float* gamma = nullptr;
  const float* beta = nullptr;  // forward
  T* output = nullptr;          // forward
  // Backward.
  const T* output_gradient = nullptr;
  T* input_gradient = nullptr;
  float* sums = nullptr;  // [LayerNormBlocks][2][lanes]: parts of the gradients of gamma and beta
};

// Whether the kernels take so many lanes.
inline bool LayerNormTakes(std::int64_t lanes) {
  return lanes >= 4 && lanes <= 128 && (lanes & (lanes - 1)) == 0;
}

// Blocks of the backward kernel, each with sums of its own.
inline constexpr int kLayerNormBlocks = 1056;
template <typename T>
int LayerNormBlocks(const LayerNormCall<T>& call) {
  const std::int64_t full =
      (std::int64_t{call.pixels} * (call.lanes / 4) + kBlockThreads - 1) / kBlockThreads;
  return static_cast<int>(full < kLayerNormBlocks ? full : kLayerNormBlocks);
}

// The part of a pixel that one caller holds, N times four lanes; `sum` adds up a number over all
// callers of the pixel.
template <int N>
struct PixelPart {
  Four values[N];
};

template <int N>
PECULIAR_HOST_DEVICE float SumOf(const PixelPart<N>& part) {
  float sum = 0;
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < 4; ++k) sum += part.values[n].values[k];
  }
  return sum;
}

// Replaces x by x^; returns 1 / sqrt(variance + epsilon).
template <int N, class Sum>
PECULIAR_HOST_DEVICE float Normalise(PixelPart<N>& x, int lanes, float epsilon, const Sum& sum) {
  const float mean = sum(SumOf(x)) / static_cast<float>(lanes);
  float squares = 0;
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < 4; ++k) {
      float& value = x.values[n].values[k];
      value -= mean;
      squares = fmaf(value, value, squares);
    }
  }
  const float scale = 1 / sqrtf(sum(squares) / static_cast<float>(lanes) + epsilon);
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < 4; ++k) x.values[n].values[k] *= scale;
  }
  return scale;
}

// x^ becomes y.
template <int N>
PECULIAR_HOST_DEVICE void ScaleAndShift(const PixelPart<N>& gamma, const PixelPart<N>& beta,
                                        PixelPart<N>& x) {
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < 4; ++k) {
      float& value = x.values[n].values[k];
      value = fmaf(value, gamma.values[n].values[k], beta.values[n].values[k]);
    }
  }
}

// The gradient of y becomes that of x. normal: x^, scale: as Normalise left them.
template <int N, class Sum>
PECULIAR_HOST_DEVICE void NormaliseBackward(const PixelPart<N>& normal, const PixelPart<N>& gamma,
                                            float scale, int lanes, const Sum& sum,
                                            PixelPart<N>& gradient) {
  float along = 0;
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < 4; ++k) {
      float& value = gradient.values[n].values[k];
      value *= gamma.values[n].values[k];
      along = fmaf(value, normal.values[n].values[k], along);
    }
  }
  const float mean = sum(SumOf(gradient)) / static_cast<float>(lanes);
  along = sum(along) / static_cast<float>(lanes);
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < 4; ++k) {
      float& value = gradient.values[n].values[k];
      value = scale * (value - mean - normal.values[n].values[k] * along);
    }
  }
}

// In layer_norm.cu. Asynchronous, in the order of the stream; may be captured into a graph. Lanes
// that LayerNormTakes.
template <typename T>
CudaError LaunchLayerNormForward(const LayerNormCall<T>& call, CudaStream stream);
template <typename T>
CudaError LaunchLayerNormBackward(const LayerNormCall<T>& call, CudaStream stream);

}  // namespace peculiar
