#include "core/model/device.h"

#include <charconv>

#include "core/cuda/gpus.h"

namespace peculiar {
namespace {

constexpr std::string_view kCuda = "cuda";

}  // namespace

std::string DeviceName(const Device& device) {
  switch (device.kind) {
    case DeviceKind::kAuto:
      return "auto";
    case DeviceKind::kCpu:
      return "cpu";
    case DeviceKind::kCuda:
      break;
  }
  if (device.index == Device::kFirstGpu) return std::string(kCuda);
  return fmt::format("{}:{}", kCuda, device.index);
}

absl::StatusOr<Device> ParseDevice(std::string_view name) {
  if (name == "auto") return Device(DeviceKind::kAuto);
  if (name == "cpu") return Device(DeviceKind::kCpu);
  if (name == kCuda) return Device(DeviceKind::kCuda);
  if (name.starts_with("cuda:")) {
    const std::string_view number = name.substr(kCuda.size() + 1);
    int index = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (error == std::errc() && end == number.data() + number.size() && index >= 0) {
      return Device(DeviceKind::kCuda, index);
    }
  }
  return InvalidArgument("unknown device '{}', expected one of: auto, cpu, cuda, cuda:N", name);
}

absl::StatusOr<Device> ResolveDevice(const Device& device, const absl::StatusOr<int>& gpus) {
  if (device.kind == DeviceKind::kCpu) return device;
  if (device.kind == DeviceKind::kAuto && !gpus.ok()) return Device(DeviceKind::kCpu);
  const Device gpu(DeviceKind::kCuda, device.index == Device::kFirstGpu ? 0 : device.index);
  if (!gpus.ok()) return Annotate(gpus.status(), "cannot use device " + DeviceName(gpu));
  if (gpu.index >= *gpus) {
    return InvalidArgument("cannot use device {}: there are {} GPUs, cuda:0 to cuda:{}",
                           DeviceName(gpu), *gpus, *gpus - 1);
  }
  return gpu;
}

DeviceReport DescribeDevice(const Device& device) {
  DeviceReport report = {DeviceName(device), ""};
  if (device.kind != DeviceKind::kCuda) return report;
  const absl::StatusOr<GpuDescription> gpu = DescribeGpu(device.index);
  if (!gpu.ok()) return report;
  return {fmt::format("{} {}", report.device, gpu->name), gpu->driver};
}

absl::StatusOr<Device> ResolveDevice(const Device& device) {
  if (device.kind == DeviceKind::kCpu) return device;  // without a word to the driver
  return ResolveDevice(device, CountGpus());
}

}  // namespace peculiar
