#include "core/cuda/gpus.h"

#include <gmock/gmock.h>

namespace peculiar {
namespace {

using testing::HasSubstr;

constexpr int kInsufficientDriver = 35;  // cudaErrorInsufficientDriver, also without any driver

std::string ProblemOf(const DriverReport& report) {
  const auto gpus = GpusOf(report);
  EXPECT_EQ(gpus.status().code(), absl::StatusCode::kFailedPrecondition);
  return std::string(MessageOf(gpus.status()));
}

TEST(GpusTest, CountsThoseThatTheDriverShows) {
  EXPECT_EQ(*GpusOf({0, "", 2, 13020, 13020}), 2);
  EXPECT_EQ(*GpusOf({0, "", 1, 13000, 13020}), 1);  // an older driver of the same major version
}

TEST(GpusTest, SaysWhatIsMissing) {
  EXPECT_THAT(ProblemOf({kInsufficientDriver, "insufficient", 0, 0, 13020}),
              HasSubstr("no NVIDIA driver"));
  EXPECT_THAT(ProblemOf({kInsufficientDriver, "insufficient", 0, 12040, 13020}),
              HasSubstr("serves CUDA up to 12.4, this program needs 13.2"));
  EXPECT_THAT(ProblemOf({0, "", 0, 13020, 13020}), HasSubstr("CUDA_VISIBLE_DEVICES"));
  EXPECT_THAT(ProblemOf({999, "unknown error", 0, 13020, 13020}),
              HasSubstr("unknown error (CUDA error 999)"));
}

TEST(GpusTest, TheDriverIsNamedByItsNumberWhereItIsTold) {
  EXPECT_EQ(
      DriverText("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.82.07  Release "
                 "Build  (dvs-builder@U22)\nGCC version:  gcc version 12.2.0\n",
                 13000),
      "580.82.07 (CUDA 13.0)");
  EXPECT_EQ(
      DriverText("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19", 12020),
      "535.104.05 (CUDA 12.2)");
  EXPECT_EQ(DriverText("NVRM version: none\nGCC version:  12.2.0\n", 13020), "CUDA 13.2");
  EXPECT_EQ(DriverText("", 13020), "CUDA 13.2");
}

// Whatever this machine has.
TEST(GpusTest, ThisMachineHasSomeOrAReason) {
  const auto gpus = CountGpus();
  if (gpus.ok()) {
    EXPECT_GT(*gpus, 0);
    EXPECT_FALSE(DescribeGpu(0)->name.empty());
    EXPECT_THAT(DescribeGpu(0)->driver, HasSubstr("CUDA "));
    EXPECT_GT(MemoryOfGpu(*gpus - 1)->total, MemoryOfGpu(*gpus - 1)->free);
  } else {
    EXPECT_EQ(gpus.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_FALSE(gpus.status().message().empty());
    EXPECT_FALSE(DescribeGpu(0).ok());
    EXPECT_FALSE(MemoryOfGpu(0).ok());
  }
}

TEST(GpusTest, CudaErrorsSayWhatWasAttempted) {
  EXPECT_TRUE(CudaStatus(0, "cannot launch the cell").ok());
  EXPECT_THAT(std::string(MessageOf(CudaStatus(1, "cannot launch the cell"))),
              HasSubstr("cannot launch the cell"));
}

}  // namespace
}  // namespace peculiar
