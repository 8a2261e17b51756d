// What training minimises (internal to core/model and core/train: includes LibTorch).
// Pure functions of tensors.
#pragma once

#include "core/model/autoencoder.h"
#include "core/network/fused_network.h"

namespace peculiar {

struct LossTerms {
  torch::Tensor total;           // scalar, differentiable
  torch::Tensor reconstruction;  // scalar: mean over all voxels, both kinds
  torch::Tensor kl;              // scalar: nats per sample, averaged; 0 for the AE
};

// e = |x - y| or (x - y)^2 of a voxel. AE: total = mean of e over all voxels. vAE: total = mean
// over the samples of (sum of e over the voxels + beta KL), with KL = -0.5 sum over Z of (1 +
// log_variance - mean^2 - exp(log_variance)). Summed, not averaged over the voxels: with the mean
// over 194,560 voxels the KL wins and the posterior collapses.
LossTerms ComputeLoss(const NetworkConfig& config, const torch::Tensor& cubes,
                      const NetworkOutput& output);

// total, reconstruction and kl in a row, [3] float64, without the way they were computed, which
// would keep every map alive.
torch::Tensor Packed(const LossTerms& loss);

// What Packed gave, as numbers. Waits for a GPU, and takes none of its memory.
StepLoss StepLossOf(const torch::Tensor& packed);

}  // namespace peculiar
