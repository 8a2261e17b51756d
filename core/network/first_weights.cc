#include "core/network/first_weights.h"

#include <span>

#include "core/network/parameters.h"

namespace peculiar {

FirstWeights::FirstWeights(const NetworkConfig& config, std::uint64_t seed) {
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    values_.push_back(InitialValues(spec, seed));
    tensors_.push_back(
        MakeNamedTensor(spec.name, spec.shape, std::span<const float>(values_.back())));
  }
}

}  // namespace peculiar
