#include "core/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <stdexcept>
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

TEST(ParallelTest, ExceptionsOfAThreadAreErrors) {
  const auto run = [](auto exception) {
    return ParallelFor(4, 4, [&](std::size_t i) -> absl::Status {
      if (i == 2) throw exception;
      return absl::OkStatus();
    });
  };
  EXPECT_EQ(run(std::bad_alloc()).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(MessageOf(run(std::runtime_error("why"))), "why");
}

}  // namespace
}  // namespace peculiar
