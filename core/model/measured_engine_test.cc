#include "core/model/measured_engine.h"

#include <gmock/gmock.h>

#include <map>

#include "core/model/guard.h"

namespace peculiar {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

// A GPU on which a step takes `fixed` and `a_cube` for each of its cubes.
struct FakeGpu {
  std::int64_t usable = 20 * kGiB;
  std::int64_t fixed = 2 * kGiB;
  std::int64_t a_cube = kGiB / 2;
  std::int64_t lost = 0;           // by a step of more than two, between its tensors
  std::int64_t lost_by_graph = 0;  // from the fourth step of a batch on
  std::int64_t peak = 0;
  absl::Status breaks = absl::OkStatus();  // what a step returns when it fits
};

class FakeGauge : public MemoryGauge {
 public:
  explicit FakeGauge(FakeGpu& gpu) : gpu_(gpu) {}
  std::string device() const override { return "cuda:1 Toy"; }
  absl::StatusOr<Reading> Read() const override {
    return Reading{gpu_.usable, gpu_.usable, 3 * kGiB, 80 * kGiB};
  }
  void StartPeak() override { gpu_.peak = 0; }
  std::int64_t PeakInTensors() const override { return gpu_.peak; }
  std::int64_t PeakTaken() const override { return gpu_.peak; }

 private:
  FakeGpu& gpu_;
};

class FakeEngine : public Engine {
 public:
  explicit FakeEngine(FakeGpu& gpu) : gpu_(gpu) {}
  torch::Device device() const override { return torch::Device(torch::kCPU); }
  absl::StatusOr<StepLoss> Backward(const Batch& batch) override {
    EXPECT_EQ(batch.noise.size(0), batch.cubes.size(0));
    PECULIAR_RETURN_IF_ERROR(Take(batch.cubes));
    return StepLoss{.total = 7};
  }
  absl::StatusOr<StepLoss> Evaluate(const Batch& batch) override { return Backward(batch); }
  absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                      const SliceVisitor<float>&) override {
    PECULIAR_RETURN_IF_ERROR(Take(cubes));
    return torch::zeros({cubes.size(0), 1});
  }

 private:
  absl::Status Take(const torch::Tensor& cubes) {
    const std::int64_t n = cubes.size(0);
    gpu_.peak = gpu_.fixed + n * gpu_.a_cube + (n > 2 ? gpu_.lost : 0);
    if (++runs_[n] > 3) gpu_.peak += gpu_.lost_by_graph;
    if (gpu_.peak > gpu_.usable) return ResourceExhausted("CUDA out of memory");
    return gpu_.breaks;
  }
  FakeGpu& gpu_;
  std::map<std::int64_t, int> runs_;  // by cubes
};

class MeasuredEngineTest : public testing::Test {
 protected:
  static Batch Cubes(std::int64_t n) { return {torch::zeros({n, 1, 4, 4}), torch::zeros({n, 3})}; }
  std::string ErrorOf(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    return std::string(MessageOf(status));
  }

  FakeGpu gpu_;
  MeasuredEngine engine_{std::make_unique<FakeEngine>(gpu_), std::make_unique<FakeGauge>(gpu_)};
};

TEST(BatchThatFitsTest, LiesOnTheLineThroughTwoSteps) {
  // 2 GiB and 0.5 GiB a cube: of 20 GiB nine tenths, less 2, is 16, which is 32 cubes.
  EXPECT_EQ(BatchThatFits({1, 5 * kGiB / 2}, {2, 3 * kGiB}, 20 * kGiB), 32);
  EXPECT_EQ(BatchThatFits({4, 4 * kGiB}, {8, 6 * kGiB}, 20 * kGiB), 32);
  EXPECT_EQ(BatchThatFits({1, 5 * kGiB / 2}, {2, 3 * kGiB}, 2 * kGiB), 0);
  EXPECT_EQ(BatchThatFits({1, kGiB}, {2, kGiB}, 20 * kGiB), 35);  // no slope: half a GiB a cube
}

TEST_F(MeasuredEngineTest, PassesOnWhatFits) {
  EXPECT_EQ(engine_.Backward(Cubes(16))->total, 7);
  EXPECT_EQ(engine_.Evaluate(Cubes(16))->total, 7);
  EXPECT_EQ(engine_.Embed(Cubes(16).cubes, {})->size(0), 16);
  gpu_.breaks = Internal("something else");
  EXPECT_EQ(engine_.Backward(Cubes(16)).status(), gpu_.breaks);
}

TEST_F(MeasuredEngineTest, OutOfMemoryNamesBatchMemoryAndWhatWouldFit) {
  const std::string expected =
      "out of memory on cuda:1 Toy with a batch of 64 cubes: this process may have 20.0 GiB of "
      "80.0 GiB (3.0 GiB were free); a batch of 32 would fit";
  EXPECT_EQ(ErrorOf(engine_.Backward(Cubes(64)).status()), expected);
  EXPECT_EQ(ErrorOf(engine_.Evaluate(Cubes(64)).status()), expected);
  EXPECT_EQ(ErrorOf(engine_.Embed(Cubes(64).cubes, {}).status()), expected);
  EXPECT_TRUE(engine_.Backward(Cubes(32)).ok());
}

TEST_F(MeasuredEngineTest, TheBatchThatFitsHasBeenTried) {
  gpu_.lost = 3 * kGiB;  // 32 would take 21 GiB
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(64)).status()), HasSubstr("a batch of 28 would fit"));
  EXPECT_TRUE(engine_.Backward(Cubes(28)).ok());
  gpu_.lost = 18 * kGiB;
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(64)).status()), HasSubstr("a batch of 2 would fit"));
}

TEST_F(MeasuredEngineTest, TheBatchThatFitsHasRoomForItsGraph) {
  gpu_.lost_by_graph = 2 * kGiB;  // 32 would take 20 GiB
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(64)).status()), HasSubstr("a batch of 32 would fit"));
  gpu_.lost_by_graph = 3 * kGiB;
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(64)).status()), HasSubstr("a batch of 28 would fit"));
  gpu_.lost_by_graph = 18 * kGiB;
  EXPECT_THAT(ErrorOf(engine_.Evaluate(Cubes(64)).status()),
              HasSubstr("not even one cube fits beside that batch: CUDA out of memory"));
}

TEST_F(MeasuredEngineTest, AStepIsUpdatedOnceAndNotWhenItDidNotFit) {
  int updates = 0;
  const auto update = [&] { ++updates; };
  EXPECT_EQ(engine_.TakeStep(Cubes(32), update)->total, 7);
  EXPECT_EQ(updates, 1);
  EXPECT_THAT(ErrorOf(engine_.TakeStep(Cubes(64), update).status()),
              HasSubstr("a batch of 32 would fit"));
  EXPECT_EQ(updates, 1);
}

TEST_F(MeasuredEngineTest, TheBatchThatFitsIsSmallerThanTheOneAskedFor) {
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(37)).status()), HasSubstr("a batch of 32 would fit"));
  gpu_.a_cube = 18 * kGiB;
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(64)).status()), HasSubstr("a batch of 1 would fit"));
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(2)).status()), HasSubstr("a batch of 1 would fit"));
  gpu_.a_cube = 19 * kGiB;
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(64)).status()),
              HasSubstr("not even one cube fits beside that batch"));
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(1)).status()), HasSubstr("not even one cube fits: "));
}

TEST_F(MeasuredEngineTest, WithoutAMeasurementItStillSaysWhatThereWas) {
  gpu_.breaks = Internal("the device is lost");
  EXPECT_THAT(ErrorOf(engine_.Backward(Cubes(64)).status()),
              AllOf(HasSubstr("a batch of 64 cubes"), HasSubstr("a smaller batch may fit")));
}

TEST(GuardTest, OutOfMemoryIsResourceExhaustedWhoeverSaysIt) {
  for (const char* message : {"CUDA out of memory. Tried to allocate 2.00 GiB",
                              "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate",
                              "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"}) {
    const absl::Status status = Guard("cannot step", [&] { TORCH_CHECK(false, message); });
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  }
  EXPECT_EQ(Guard("cannot step", [] { TORCH_CHECK(false, "a shape"); }).code(),
            absl::StatusCode::kInternal);
}

TEST(MemoryLimitOfADeviceTest, TheCpuHasNone) {
  const absl::Status status = LimitMemory(DeviceKind::kCpu, MemoryLimit{.share = 0.5});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("the device is the CPU"));
  EXPECT_TRUE(LimitMemory(DeviceKind::kCpu, std::nullopt).ok());
  EXPECT_EQ(GaugeOf(DeviceKind::kCpu), nullptr);
}

}  // namespace
}  // namespace peculiar
