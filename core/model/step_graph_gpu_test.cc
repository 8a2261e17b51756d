#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/types.h>

#include "core/model/step_graph.h"

namespace peculiar {
namespace {

constexpr int kRuns = 6;  // some as they are, one captured, some replayed

class StepGraphGpuTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
    memory_ = NewGraphMemory();
    sum_ = torch::zeros({1}, torch::kCUDA);
  }
  void RunAll(StepGraph& graph) {
    for (int run = 0; run < kRuns; ++run) {
      graph.Run([&] { sum_.add_(torch::ones({1 << 20}, torch::kCUDA).max()); });
    }
  }

  std::shared_ptr<GraphMemory> memory_;
  torch::Tensor sum_;
};

TEST_F(StepGraphGpuTest, WorksOncePerRun) {
  StepGraph graph(memory_);
  RunAll(graph);
  EXPECT_EQ(sum_.item<float>(), kRuns);
}

TEST_F(StepGraphGpuTest, GraphsShareTheirMemoryWithThoseBeforeThemAlsoWhenAllAreGone) {
  for (int turn = 1; turn <= 3; ++turn) {
    StepGraph first(memory_), second(memory_);
    RunAll(first);
    RunAll(second);
    EXPECT_EQ(sum_.item<float>(), turn * 2 * kRuns);
  }
}

}  // namespace
}  // namespace peculiar
