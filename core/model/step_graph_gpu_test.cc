#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/types.h>

#include <future>

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

// They build batches, and NCCL watches itself.
TEST_F(StepGraphGpuTest, OtherThreadsMayUseCudaWhileItCaptures) {
  StepGraph graph(memory_);
  std::int64_t size = 1 << 20;
  for (int run = 0; run < kRuns; ++run) {
    graph.Run([&] {
      std::async(std::launch::async, [&] {
        size *= 2;  // more than there was before: LibTorch asks CUDA
        const auto on_host = torch::ones({size}, torch::TensorOptions().pinned_memory(true));
        on_host.to(torch::kCUDA, /*non_blocking=*/true).to(torch::kCPU);
      }).get();
      sum_.add_(1);
    });
  }
  EXPECT_EQ(size, std::int64_t{1} << (20 + StepGraph::kRunsBeforeCapture + 1));
}

}  // namespace
}  // namespace peculiar
