#include "core/cuda/launch.cuh"
#include "core/cuda/layer_norm.h"

namespace peculiar {
namespace {

// Over the `threads` neighbouring threads of a pixel, a power of two. All threads of a warp call.
struct SumOverThreads {
  int threads;
  __device__ float operator()(float value) const {
    for (int distance = 1; distance < threads; distance *= 2) {
      value += __shfl_xor_sync(0xffffffffu, value, distance);
    }
    return value;
  }
};

template <typename T>
__global__ void __launch_bounds__(kBlockThreads)
    LayerNormForward(const __grid_constant__ LayerNormCall<T> call) {
  const int threads = call.lanes / 4;
  const std::int64_t item = std::int64_t{blockIdx.x} * kBlockThreads + threadIdx.x;
  const bool is_inside = item < std::int64_t{call.pixels} * threads;
  const int lane = 4 * static_cast<int>(item & (threads - 1));
  PixelPart<1> x = {LoadFour(is_inside ? call.input : nullptr, 4 * item)};
  Normalise(x, call.lanes, call.epsilon, SumOverThreads{threads});
  ScaleAndShift(PixelPart<1>{LoadFour(call.gamma, lane)}, PixelPart<1>{LoadFour(call.beta, lane)},
                x);
  if (is_inside) StoreFour(x.values[0], call.output, 4 * item);
}

template <typename T>
__global__ void __launch_bounds__(kBlockThreads)
    LayerNormBackward(const __grid_constant__ LayerNormCall<T> call) {
  const int threads = call.lanes / 4;
  const std::int64_t items = std::int64_t{call.pixels} * threads;
  const int lane = 4 * static_cast<int>(threadIdx.x & (threads - 1));
  const PixelPart<1> gamma = {LoadFour(call.gamma, lane)};
  Four gamma_sum = {}, beta_sum = {};
  // The same number of turns for all threads of a block, for a pixel's sums take all its threads.
  for (std::int64_t first = std::int64_t{blockIdx.x} * kBlockThreads; first < items;
       first += std::int64_t{gridDim.x} * kBlockThreads) {
    const std::int64_t item = first + threadIdx.x;
    const bool is_inside = item < items;
    PixelPart<1> x = {LoadFour(is_inside ? call.input : nullptr, 4 * item)};
    PixelPart<1> gradient = {LoadFour(is_inside ? call.output_gradient : nullptr, 4 * item)};
    const SumOverThreads sum{threads};
    const float scale = Normalise(x, call.lanes, call.epsilon, sum);
    for (int k = 0; k < 4; ++k) {
      const float value = gradient.values[0].values[k];
      gamma_sum.values[k] = fmaf(value, x.values[0].values[k], gamma_sum.values[k]);
      beta_sum.values[k] += value;
    }
    NormaliseBackward(x, gamma, scale, call.lanes, sum, gradient);
    if (is_inside) StoreFour(gradient.values[0], call.input_gradient, 4 * item);
  }
  // Over the threads of the block that hold the same lanes, in a fixed order.
  __shared__ float sums[2][4][kBlockThreads];
  for (int k = 0; k < 4; ++k) {
    sums[0][k][threadIdx.x] = gamma_sum.values[k];
    sums[1][k][threadIdx.x] = beta_sum.values[k];
  }
  __syncthreads();
  if (static_cast<int>(threadIdx.x) >= 2 * call.lanes) return;
  const int which = static_cast<int>(threadIdx.x) / call.lanes;
  const int channel = static_cast<int>(threadIdx.x) % call.lanes;
  float sum = 0;
  for (int thread = channel / 4; thread < kBlockThreads; thread += threads) {
    sum += sums[which][channel % 4][thread];
  }
  call.sums[(2 * blockIdx.x + which) * call.lanes + channel] = sum;
}

template <typename T>
CudaError Launch(void (*kernel)(LayerNormCall<T>), const LayerNormCall<T>& call, unsigned blocks,
                 CudaStream stream) {
  if (call.pixels == 0) return cudaSuccess;
  if (!LayerNormTakes(call.lanes)) return cudaErrorInvalidValue;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(blocks);
  config.blockDim = dim3(kBlockThreads);
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, call);
}

}  // namespace

template <typename T>
CudaError LaunchLayerNormForward(const LayerNormCall<T>& call, CudaStream stream) {
  const std::int64_t items = std::int64_t{call.pixels} * (call.lanes / 4);
  return Launch<T>(LayerNormForward<T>, call,
                   static_cast<unsigned>((items + kBlockThreads - 1) / kBlockThreads), stream);
}

template <typename T>
CudaError LaunchLayerNormBackward(const LayerNormCall<T>& call, CudaStream stream) {
  return Launch<T>(LayerNormBackward<T>, call, static_cast<unsigned>(LayerNormBlocks(call)),
                   stream);
}

template CudaError LaunchLayerNormForward(const LayerNormCall<float>&, CudaStream);
template CudaError LaunchLayerNormForward(const LayerNormCall<BFloat16>&, CudaStream);
template CudaError LaunchLayerNormBackward(const LayerNormCall<float>&, CudaStream);
template CudaError LaunchLayerNormBackward(const LayerNormCall<BFloat16>&, CudaStream);

}  // namespace peculiar
