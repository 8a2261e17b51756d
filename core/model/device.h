// Where a network runs. Free of LibTorch.
// Asked once at the start of a verb; what it answers is then passed down.
#pragma once

#include <string>
#include <string_view>

#include "core/base/status.h"

namespace peculiar {

enum class DeviceKind { kAuto, kCpu, kCuda };

// A kind, and for a GPU which of those that CUDA_VISIBLE_DEVICES leaves.
struct Device {
  static constexpr int kFirstGpu = -1;  // nobody has said which: the first, as ResolveDevice says

  DeviceKind kind = DeviceKind::kAuto;
  int index =
      kFirstGpu;  // of the GPU, also the one that `auto` would take; without meaning on kCpu

  constexpr Device() = default;
  constexpr Device(DeviceKind kind, int index = kFirstGpu)  // NOLINT: a kind is a device
      : kind(kind), index(index) {}
  bool operator==(const Device&) const = default;
};

// "auto", "cpu", "cuda", "cuda:0".
std::string DeviceName(const Device& device);
// "auto", "cpu", "cuda" (the first GPU) or "cuda:N". INVALID_ARGUMENT saying what is known.
absl::StatusOr<Device> ParseDevice(std::string_view name);

// The CPU or a GPU that is there, with its index: `auto` is a GPU, or the CPU where none can be
// used. FAILED_PRECONDITION when a GPU is asked for and none can be used (no CUDA in this program,
// no driver, an old driver, no GPU); INVALID_ARGUMENT when there are fewer than its index says.
absl::StatusOr<Device> ResolveDevice(const Device& device);
// The same by the answer of CountGpus.
absl::StatusOr<Device> ResolveDevice(const Device& device, const absl::StatusOr<int>& gpus);

// What a record of a computation says of a resolved device.
struct DeviceReport {
  std::string device;  // "cpu", "cuda:0 NVIDIA H200"
  std::string driver;  // GpuDescription::driver; empty for the CPU
};
DeviceReport DescribeDevice(const Device& device);

}  // namespace peculiar
