// Reconstructions in the CPU's memory on their way to a SliceVisitor (internal to core/model:
// includes LibTorch).
#pragma once

#include <torch/types.h>

#include <cstddef>

#include "core/network/slice_visitor.h"

namespace peculiar {

// reconstruction: [T, H, W] float32 of one cube, on the CPU, contiguous; `cube`: its number.
inline void VisitSlices(const torch::Tensor& reconstruction, std::size_t cube,
                        const SliceVisitor<float>& visit) {
  const auto pixels = static_cast<std::size_t>(reconstruction.size(1) * reconstruction.size(2));
  const float* image = reconstruction.data_ptr<float>();
  for (int slice = 0; slice < reconstruction.size(0); ++slice, image += pixels) {
    visit(cube, slice, {image, pixels});
  }
}

}  // namespace peculiar
