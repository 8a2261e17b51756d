#include "core/train/resident_batches.h"

#include <gtest/gtest.h>

#include "tests/support/resident_batches_example.h"

namespace peculiar {
namespace {

// On the CPU the kernels' work is done voxel by voxel.
TEST(ResidentBatchesTest, AreThoseOfTheBuilder) {
  const Dataset dataset = MaskedDataset(TestFolder());
  ExpectBatchesOfTheBuilder(dataset, torch::kCPU);
}

TEST(ResidentBatchesTest, TakeEightBytesAVoxel) {
  EXPECT_EQ(ResidentBatches::BytesOf(MaskedDataset(TestFolder())), 8 * 12 * 20 * 24 * 24);
}

TEST(ResidentBatchesTest, APartWithoutCopiesIsAnEmptyBatch) {
  const Dataset dataset = MaskedDataset(TestFolder());
  const auto resident = *ResidentBatches::Create(dataset, torch::kCPU, {});
  const auto batch = resident->Build({}, 0);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->tensors.cubes.size(0), 0);
}

}  // namespace
}  // namespace peculiar
