#include "core/model/flat_tensors.h"

namespace peculiar {

std::int64_t ValueCount(const std::vector<torch::Tensor>& tensors) {
  std::int64_t count = 0;
  for (const torch::Tensor& tensor : tensors) count += tensor.numel();
  return count;
}

std::vector<torch::Tensor> Flattened(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> rows;
  for (const torch::Tensor& tensor : tensors) rows.push_back(tensor.flatten());
  return rows;
}

std::vector<torch::Tensor> PartsOf(const torch::Tensor& flat,
                                   const std::vector<torch::Tensor>& like) {
  std::vector<torch::Tensor> parts;
  std::int64_t begin = 0;
  for (const torch::Tensor& tensor : like) {
    parts.push_back(flat.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
    begin += tensor.numel();
  }
  return parts;
}

std::vector<torch::Tensor> GradientsOf(const std::vector<torch::Tensor>& parameters) {
  std::vector<torch::Tensor> gradients;
  for (const torch::Tensor& parameter : parameters) gradients.push_back(parameter.grad());
  return gradients;
}

void SetGradients(const std::vector<torch::Tensor>& parameters,
                  const std::vector<torch::Tensor>& gradients) {
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k].mutable_grad() = gradients[k];
}

}  // namespace peculiar
