#include "core/train/benchmark.h"

#include <gtest/gtest.h>

namespace peculiar {
namespace {

TrainOptions MakeOptions() {
  TrainOptions options;
  options.network = *MakePreset("tiny", ModelKind::kVae, 10, 16);
  options.batch = 2;
  options.device = DeviceKind::kCpu;
  options.threads = 1;
  return options;
}

TEST(BenchmarkTest, TimesStepsAndSaysWhichFractionOfThePeakTheyReach) {
  const absl::StatusOr<StepBenchmark> benchmark = BenchmarkSteps(MakeOptions(), 3);
  ASSERT_TRUE(benchmark.ok()) << benchmark.status();
  EXPECT_EQ(benchmark->kind, "vae");
  EXPECT_EQ(benchmark->device, "cpu");
  EXPECT_GT(benchmark->min_seconds, 0);
  EXPECT_GE(benchmark->median_seconds, benchmark->min_seconds);
  EXPECT_GT(benchmark->embed_seconds, 0);
  EXPECT_LT(benchmark->embed_seconds, benchmark->median_seconds);
  EXPECT_GT(benchmark->peak_fraction, 0);
  EXPECT_GT(benchmark->gflops, 0);
}

TEST(BenchmarkTest, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(absl::IsInvalidArgument(BenchmarkSteps(MakeOptions(), 0).status()));
  TrainOptions options = MakeOptions();
  options.engine = "warp";
  EXPECT_TRUE(absl::IsInvalidArgument(BenchmarkSteps(options, 1).status()));
}

}  // namespace
}  // namespace peculiar
