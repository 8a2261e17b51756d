// Batches of a dataset that lies in a GPU's memory whole, augmented there: nothing but a few
// numbers a copy crosses to the GPU in a step. Internal to this room (includes LibTorch).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "core/train/batches.h"

namespace peculiar {

class ResidentBatches : public BatchSource {
 public:
  // Device memory that Create takes: flux and inverse variance, 8 bytes a voxel.
  static std::int64_t BytesOf(const Dataset& dataset);

  // Copies the dataset to the device, which may be the CPU. Borrows the dataset.
  // RESOURCE_EXHAUSTED when it does not fit.
  static absl::StatusOr<std::unique_ptr<ResidentBatches>> Create(const Dataset& dataset,
                                                                 torch::Device device,
                                                                 const BatchOptions& options);

  // The tensors are on the device, and made in the order of its current stream. Equal to
  // BatchBuilder's up to the last bits of the noise.
  absl::StatusOr<CubeBatch> Build(std::span<const ScheduledCopy> copies, int epoch) const override;

 private:
  ResidentBatches(const Dataset& dataset, torch::Device device, const BatchOptions& options)
      : dataset_(dataset), device_(device), options_(options) {}

  torch::Tensor Cubes(std::span<const ScheduledCopy> copies) const;

  const Dataset& dataset_;
  const torch::Device device_;
  const BatchOptions options_;
  torch::Tensor flux_;  // [galaxies, channels, size, size]
  torch::Tensor ivar_;  // the same shape; 0 where a voxel is masked
};

// Batches for the engine: resident when the dataset takes at most half of what is left of its GPU's
// memory, so that a step has room beside it; else built in the CPU's. Errors of Create other than
// RESOURCE_EXHAUSTED.
absl::StatusOr<std::unique_ptr<BatchSource>> MakeBatchSource(const Dataset& dataset,
                                                             const Engine& engine,
                                                             BatchOptions options);

}  // namespace peculiar
