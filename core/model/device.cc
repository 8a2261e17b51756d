#include "core/model/device.h"

#include <torch/cuda.h>

namespace peculiar {

std::string_view DeviceName(DeviceKind device) {
  switch (device) {
    case DeviceKind::kAuto:
      return "auto";
    case DeviceKind::kCpu:
      return "cpu";
    case DeviceKind::kCuda:
      break;
  }
  return "cuda";
}

absl::StatusOr<DeviceKind> ParseDevice(std::string_view name) {
  for (const DeviceKind device : {DeviceKind::kAuto, DeviceKind::kCpu, DeviceKind::kCuda}) {
    if (DeviceName(device) == name) return device;
  }
  return InvalidArgument("unknown device '{}', expected one of: auto, cpu, cuda", name);
}

absl::StatusOr<DeviceKind> ResolveDevice(DeviceKind device) {
  const bool has_cuda = torch::cuda::is_available();
  if (device == DeviceKind::kAuto) return has_cuda ? DeviceKind::kCuda : DeviceKind::kCpu;
  if (device == DeviceKind::kCuda && !has_cuda) {
    return FailedPrecondition(
        "device cuda asked for, but this LibTorch finds no GPU: use auto or cpu, or build with a "
        "CUDA LibTorch");
  }
  return device;
}

}  // namespace peculiar
