// Where each parameter lies in one flat array: in the order of ParameterSpecs, without gaps. The
// engine takes weights and gives gradients as such an array.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/network/network_config.h"

namespace peculiar {

class ParameterLayout {
 public:
  // Requires a valid config.
  explicit ParameterLayout(const NetworkConfig& config);

  // Values of all parameters.
  std::size_t size() const { return size_; }
  // First value of a parameter. Requires a name of ParameterSpecs.
  std::size_t OffsetOf(std::string_view name) const { return offsets_.find(name)->second; }

 private:
  std::map<std::string, std::size_t, std::less<>> offsets_;
  std::size_t size_ = 0;
};

}  // namespace peculiar
