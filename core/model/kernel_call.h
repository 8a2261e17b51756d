// What lies between a tensor and a kernel of core/cuda: its memory, its type, its GPU and stream
// (internal to core/model: includes LibTorch).
#pragma once

#include <torch/types.h>

#include <functional>
#include <string_view>

#include "core/cuda/launch.h"
#include "core/cuda/number.h"

namespace peculiar {

// Whether the kernels know the type of its numbers.
inline bool IsStoredType(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kFloat32 || tensor.scalar_type() == torch::kBFloat16;
}

// run(T()) with the kernels' type for what the tensor holds. Requires IsStoredType.
template <class Run>
void WithStoredType(const torch::Tensor& tensor, Run run) {
  if (tensor.scalar_type() == torch::kFloat32) {
    run(float());
  } else {
    run(BFloat16());
  }
}

// Null for an undefined tensor. Requires that it holds what the kernels call T.
template <typename T>
T* DataOf(const torch::Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

// launch(stream) on the GPU of `tensor`, in its current stream. Throws c10::Error that says `what`
// when the launch is refused, and always in a program without CUDA.
void OnGpu(const torch::Tensor& tensor, std::string_view what,
           const std::function<CudaError(CudaStream)>& launch);

}  // namespace peculiar
