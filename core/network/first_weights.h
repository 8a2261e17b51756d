// The weights that a new network starts from, as named tensors: to be saved or exported. Free of
// LibTorch. Immutable; moving keeps the tensors valid.
#pragma once

#include <cstdint>
#include <vector>

#include "core/network/network_config.h"
#include "core/weights/tensor_file.h"

namespace peculiar {

class FirstWeights {
 public:
  // InitialValues of every parameter of ParameterSpecs. Requires a valid config.
  FirstWeights(const NetworkConfig& config, std::uint64_t seed);

  // In the order of ParameterSpecs; they borrow from this object.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  std::vector<std::vector<float>> values_;
  std::vector<NamedTensor> tensors_;
};

}  // namespace peculiar
