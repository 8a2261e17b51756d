// Runs the body of a kernel on the host, one item after the other: how kernels are tested where
// there is no GPU, and what a GPU's results are compared with. Slow.
#pragma once

#include <cstdint>

namespace peculiar {

template <class Body>
void RunItemsOnHost(const Body& body, std::int64_t items) {
  for (std::int64_t item = 0; item < items; ++item) body(static_cast<int>(item));
}

}  // namespace peculiar
