// What metrics say of the device that an engine computes on. Internal to this room (includes
// LibTorch).
#pragma once

#include <memory>

#include "core/model/engine.h"
#include "core/model/memory_gauge.h"
#include "core/train/metrics.h"

namespace peculiar {

class DeviceMeter {
 public:
  explicit DeviceMeter(const Engine& engine);

  // Device, driver and, of a GPU, the most memory taken since the last call.
  void AddTo(EpochMetrics& line);

 private:
  const DeviceReport report_;
  const std::unique_ptr<MemoryGauge> gauge_;  // null on the CPU
};

}  // namespace peculiar
