// What ResidentBatches must give on any device: the batches of BatchBuilder.
// For tests alone.
#pragma once

#include <gtest/gtest.h>

#include "core/train/resident_batches.h"
#include "tests/support/planted_dataset.h"
#include "tests/support/test_folder.h"

namespace peculiar {

// Some voxels masked, some without ivar, more spaxels than a block has threads.
inline Dataset MaskedDataset(const std::filesystem::path& folder) {
  return *MakePlantedDataset(folder / "dataset", {.size = 24, .masked_every = 7});
}

inline void ExpectBatchesOfTheBuilder(const Dataset& dataset, torch::Device device) {
  const BatchOptions options = {.seed = 3, .latent_size = 4};
  const BatchBuilder builder(dataset, options);
  const auto resident = ResidentBatches::Create(dataset, device, options);
  ASSERT_TRUE(resident.ok()) << resident.status();
  std::vector<ScheduledCopy> copies = {{7, kOriginalCopy}};
  for (int copy = 0; copy < 24; ++copy)
    copies.push_back({static_cast<std::size_t>(copy) % 12, copy});
  for (const int epoch : {0, 5}) {
    const CubeBatch expected = *builder.Build(copies, epoch);
    const auto found = (*resident)->Build(copies, epoch);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->copies, expected.copies);
    ASSERT_EQ(found->tensors.cubes.device().type(), device.type());
    const torch::Tensor cubes = found->tensors.cubes.to(torch::kCPU);
    ASSERT_EQ(cubes.sizes(), expected.tensors.cubes.sizes());
    // The original is the sample itself; a copy's noise may differ in its last bits.
    EXPECT_TRUE(at::equal(cubes[0], expected.tensors.cubes[0]));
    EXPECT_LE((cubes - expected.tensors.cubes).abs().max().item<double>(), 1e-6);
    EXPECT_TRUE(at::equal(found->tensors.noise.to(torch::kCPU), expected.tensors.noise));
  }
}

}  // namespace peculiar
