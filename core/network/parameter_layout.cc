#include "core/network/parameter_layout.h"

#include "core/network/parameters.h"

namespace peculiar {

ParameterLayout::ParameterLayout(const NetworkConfig& config) {
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    offsets_[spec.name] = size_;
    size_ += static_cast<std::size_t>(spec.count());
  }
}

}  // namespace peculiar
