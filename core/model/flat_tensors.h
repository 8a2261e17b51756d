// Tensors one behind the other in a single one: what sums, copies or updates all parameters of a
// network does so in a few operations. Internal to core/model and core/train: includes LibTorch.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace peculiar {

// Values of all tensors together.
std::int64_t ValueCount(const std::vector<torch::Tensor>& tensors);

// Each tensor as a row, in row-major order, for at::cat; views of those that are contiguous.
std::vector<torch::Tensor> Flattened(const std::vector<torch::Tensor>& tensors);

// The way back: views of `flat`, [ValueCount(like)], in the shapes of `like`.
std::vector<torch::Tensor> PartsOf(const torch::Tensor& flat,
                                   const std::vector<torch::Tensor>& like);

// .grad of each parameter; all must have one.
std::vector<torch::Tensor> GradientsOf(const std::vector<torch::Tensor>& parameters);
void SetGradients(const std::vector<torch::Tensor>& parameters,
                  const std::vector<torch::Tensor>& gradients);

}  // namespace peculiar
