// How a kernel whose threads each do one item is launched: the body says what item i does. For .cu
// files only.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <limits>

#include "core/cuda/launch.h"

namespace peculiar {

template <class Body>
__global__ void __launch_bounds__(kBlockThreads)
    RunItems(const __grid_constant__ Body body, int items) {
  const auto item = static_cast<int>(blockIdx.x * kBlockThreads + threadIdx.x);
  if (item < items) body(item);
}

// Runs body(0) to body(items - 1), in any order. No items: success. cudaErrorInvalidValue for more
// than 2^31 - 1 less a block.
template <class Body>
CudaError LaunchItems(const Body& body, std::int64_t items, CudaStream stream) {
  if (items == 0) return cudaSuccess;
  if (items < 0 || items > std::numeric_limits<int>::max() - kBlockThreads)
    return cudaErrorInvalidValue;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>((items + kBlockThreads - 1) / kBlockThreads));
  config.blockDim = dim3(kBlockThreads);
  config.stream = stream;
  return cudaLaunchKernelEx(&config, RunItems<Body>, body, static_cast<int>(items));
}

}  // namespace peculiar
