// Layer normalisation over channels as one differentiable operation of core/cuda's kernels
// (internal to core/model: includes LibTorch).
#pragma once

#include <torch/types.h>

namespace peculiar {

// Whether FusedLayerNorm takes such images: on a GPU, float32 or bfloat16, as many channels as the
// kernels take.
bool FusedLayerNormTakes(const torch::Tensor& images);

// images: [N, C, H, W] in channels-last memory; gamma, beta: [C] float32. Returns the same shape,
// type and memory format. Keeps its input alone for the gradient. Gradients do not depend on the
// order in which threads run. Throws c10::Error: call inside Guard.
torch::Tensor FusedLayerNorm(const torch::Tensor& images, const torch::Tensor& gamma,
                             const torch::Tensor& beta, double epsilon);

}  // namespace peculiar
