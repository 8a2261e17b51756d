#include "core/train/device_meter.h"

namespace peculiar {

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
