#include <gtest/gtest.h>
#include <torch/cuda.h>

#include "tests/support/resident_batches_example.h"

namespace peculiar {
namespace {

TEST(ResidentBatchesGpuTest, AreThoseOfTheBuilder) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  const Dataset dataset = MaskedDataset(TestFolder());
  ExpectBatchesOfTheBuilder(dataset, torch::Device(torch::kCUDA, 0));
}

}  // namespace
}  // namespace peculiar
