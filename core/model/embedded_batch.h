// Embeddings with whole reconstructions, for the tests of this room: engines hand them over slice
// by slice.
#pragma once

#include <torch/types.h>

#include <span>

#include "core/model/engine.h"

namespace peculiar {

struct EmbeddedBatch {
  torch::Tensor latent;          // [B, Z]
  torch::Tensor reconstruction;  // [B, T, H, W]
};

inline EmbeddedBatch EmbedAll(Engine& engine, const torch::Tensor& cubes) {
  EmbeddedBatch result = {{}, torch::empty(cubes.sizes(), torch::kFloat32)};
  const std::span<float> values(result.reconstruction.data_ptr<float>(),
                                static_cast<std::size_t>(cubes.numel()));
  result.latent = *engine.Embed(cubes, CopySlices<float>(static_cast<int>(cubes.size(1)), values));
  return result;
}

}  // namespace peculiar
