#include "core/train/device_meter.h"

namespace peculiar {
namespace {

Device DeviceOf(const Engine& engine) {
  const torch::Device device = engine.device();
  return device.is_cpu() ? Device(DeviceKind::kCpu) : Device(DeviceKind::kCuda, device.index());
}

}  // namespace

DeviceMeter::DeviceMeter(const Engine& engine)
    : report_(DescribeDevice(DeviceOf(engine))), gauge_(GaugeOf(DeviceOf(engine))) {}

void DeviceMeter::AddTo(EpochMetrics& line) {
  line.device = report_.device;
  if (gauge_ == nullptr) return;
  line.driver = report_.driver;
  line.gpu_memory_bytes = gauge_->PeakTaken();
  gauge_->StartPeak();
}

}  // namespace peculiar
