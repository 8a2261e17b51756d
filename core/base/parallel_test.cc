#include "core/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace peculiar {
namespace {

TEST(ParallelTest, RunsEveryPieceOnce) {
  std::vector<std::atomic<int>> runs(1000);
  EXPECT_TRUE(ParallelFor(runs.size(), 4, [&](std::size_t i) {
                ++runs[i];
                return absl::OkStatus();
              }).ok());
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

TEST(ParallelTest, AnErrorStopsTheRestAndComesBack) {
  std::atomic<int> runs{0};
  const absl::Status status = ParallelFor(100000, 2, [&](std::size_t i) {
    ++runs;
    return i == 10 ? InvalidArgument("piece {}", i) : absl::OkStatus();
  });
  EXPECT_EQ(MessageOf(status), "piece 10");
  EXPECT_LT(runs, 100000);
}

}  // namespace
}  // namespace peculiar
