#include <gmock/gmock.h>
#include <torch/cuda.h>

#include <string>

#include "core/model/engine.h"
#include "core/model/memory_gauge.h"

namespace peculiar {
namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::string_view kFit = "a batch of ";  // the last time it occurs: "... 31 would fit"

class MemoryGpuTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU";
  }
  void TearDown() override {
    if (!torch::cuda::is_available()) return;
    EXPECT_TRUE(LimitMemory(kGpu, MemoryLimit{.share = 1}).ok());
  }
  static Batch Cubes(std::int64_t n) { return {torch::rand({n, 190, 32, 32}), {}}; }

  const Device kGpu = Device(DeviceKind::kCuda, 0);
};

TEST_F(MemoryGpuTest, ABatchBeyondTheLimitNamesOneThatFits) {
  Autoencoder network(*MakePreset("tiny", ModelKind::kAe, 190, 32), 3);
  for (const char* name : {"reference", "scan"}) {
    const auto engine = MakeEngine(
        name, network, {.device = kGpu, .memory_limit = MemoryLimit{.bytes = 1024 * kMiB}});
    ASSERT_TRUE(engine.ok()) << engine.status();
    const absl::Status status = (*engine)->Backward(Cubes(512)).status();
    ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    const std::string message(MessageOf(status));
    EXPECT_THAT(message, testing::AllOf(testing::HasSubstr("with a batch of 512 cubes"),
                                        testing::HasSubstr("may have 1.0 GiB of")));
    const std::size_t at = message.rfind(kFit);
    ASSERT_NE(at, std::string::npos) << message;
    const int fit = std::stoi(message.substr(at + kFit.size()));
    EXPECT_LT(fit, 512) << message;
    const auto again = (*engine)->Backward(Cubes(fit));
    EXPECT_TRUE(again.ok()) << again.status() << ", after " << message;
    EXPECT_LE(GaugeOf(kGpu)->PeakTaken(), 1024 * kMiB);
  }
}

TEST_F(MemoryGpuTest, ALimitBeyondTheGpuIsRefused) {
  const absl::Status status = LimitMemory(kGpu, MemoryLimit{.bytes = std::int64_t{1} << 40});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr("but the GPU has"));
}

TEST_F(MemoryGpuTest, TheGaugeNamesTheGpuAndSeesWhatIsTaken) {
  const std::unique_ptr<MemoryGauge> gauge = GaugeOf(kGpu);
  EXPECT_THAT(gauge->device(), testing::StartsWith("cuda:0 "));
  gauge->StartPeak();
  const std::int64_t before = gauge->PeakInTensors();
  const torch::Tensor tensor =
      torch::empty({64 * kMiB}, torch::dtype(torch::kUInt8).device(torch::kCUDA));
  EXPECT_EQ(gauge->PeakInTensors(), before + tensor.numel());
  EXPECT_GE(gauge->PeakTaken(), gauge->PeakInTensors());
  EXPECT_LE(gauge->Read()->usable_bytes, gauge->Read()->total_bytes);
  EXPECT_LE(gauge->Read()->left_bytes, gauge->Read()->usable_bytes - tensor.numel());
}

}  // namespace
}  // namespace peculiar
