// Tensors of LibTorch to and from named tensors on disk (internal to core/model and core/train:
// includes LibTorch).
#pragma once

#include <torch/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/autoencoder.h"
#include "core/weights/tensor_file.h"

namespace peculiar {

// Host copies of tensors as NamedTensors for SaveCheckpoint; owns what they point to.
class TensorExport {
 public:
  // Copies the values as they are now: float32, float64, int64 or uint8, any device and strides.
  // Throws c10::Error for another type: call inside Guard.
  void Add(std::string name, const torch::Tensor& tensor);
  // All parameters of the network, by their names.
  void AddParameters(const Autoencoder& network);

  std::span<const NamedTensor> tensors() const { return tensors_; }

 private:
  std::vector<torch::Tensor> owned_;
  std::vector<NamedTensor> tensors_;
};

// Copies the tensor of that name into `target`, which keeps its device and requires_grad.
// NOT_FOUND, or DATA_LOSS naming file, tensor, found and expected when type or shape differ.
absl::Status ImportTensor(const TensorFile& file, std::string_view name, torch::Tensor target);

// All parameters of the network. Errors as ImportTensor.
absl::Status ImportParameters(const TensorFile& file, Autoencoder& network);

}  // namespace peculiar
