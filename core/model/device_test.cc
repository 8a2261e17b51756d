#include "core/model/device.h"

#include <gmock/gmock.h>

namespace peculiar {
namespace {

using testing::HasSubstr;

TEST(DeviceTest, NamesAreReadBack) {
  for (const std::string name : {"auto", "cpu", "cuda", "cuda:0", "cuda:12"}) {
    EXPECT_EQ(DeviceName(*ParseDevice(name)), name);
  }
  EXPECT_EQ(*ParseDevice("cuda"), Device(DeviceKind::kCuda));
  EXPECT_EQ(*ParseDevice("cuda:3"), Device(DeviceKind::kCuda, 3));
}

TEST(DeviceTest, OtherNamesAreRefused) {
  for (const std::string name :
       {"", "tpu", "CUDA", "cuda:", "cuda:-1", "cuda:1x", "cuda: 1", "cuda:99999999999", "cpu:0"}) {
    const auto device = ParseDevice(name);
    EXPECT_EQ(device.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(MessageOf(device.status())), HasSubstr("'" + name + "'"));
  }
}

TEST(DeviceTest, AutoIsTheFirstGpuOrTheCpu) {
  EXPECT_EQ(*ResolveDevice(DeviceKind::kAuto, 2), Device(DeviceKind::kCuda, 0));
  EXPECT_EQ(*ResolveDevice(DeviceKind::kCuda, 2), Device(DeviceKind::kCuda, 0));
  EXPECT_EQ(*ResolveDevice(Device(DeviceKind::kAuto, 1), 2), Device(DeviceKind::kCuda, 1));
  EXPECT_FALSE(ResolveDevice(Device(DeviceKind::kAuto, 2), 2).ok());
  EXPECT_EQ(*ResolveDevice(DeviceKind::kAuto, FailedPrecondition("none")), DeviceKind::kCpu);
  EXPECT_EQ(*ResolveDevice(DeviceKind::kCpu, 2), DeviceKind::kCpu);
}

TEST(DeviceTest, ARecordNamesTheDevice) {
  const DeviceReport cpu = DescribeDevice(DeviceKind::kCpu);
  EXPECT_EQ(cpu.device, "cpu");
  EXPECT_EQ(cpu.driver, "");
  EXPECT_THAT(DescribeDevice(Device(DeviceKind::kCuda, 0)).device, testing::StartsWith("cuda:0"));
}

TEST(DeviceTest, AGpuThatIsNotThereIsAnErrorThatSaysWhy) {
  EXPECT_EQ(*ResolveDevice(Device(DeviceKind::kCuda, 1), 2), Device(DeviceKind::kCuda, 1));
  const auto beyond = ResolveDevice(Device(DeviceKind::kCuda, 2), 2);
  EXPECT_EQ(beyond.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(beyond.status())),
              HasSubstr("cuda:2: there are 2 GPUs, cuda:0 to cuda:1"));
  const auto none = ResolveDevice(DeviceKind::kCuda, FailedPrecondition("no NVIDIA driver"));
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(none.status())),
              HasSubstr("cannot use device cuda:0: no NVIDIA driver"));
}

}  // namespace
}  // namespace peculiar
