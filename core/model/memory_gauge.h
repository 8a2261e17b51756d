// What a GPU's memory is used for, as far as LibTorch's allocator knows. Free of LibTorch; tests
// have gauges of their own. For the thread that computes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/status.h"
#include "core/model/device.h"
#include "core/model/memory_limit.h"

namespace peculiar {

class MemoryGauge {
 public:
  struct Reading {
    // What this process may have in all, by its limit and by what others leave; of that what is not
    // in tensors now; of the GPU what nobody has taken, and what there is.
    std::int64_t usable_bytes = 0;
    std::int64_t left_bytes = 0;
    std::int64_t free_bytes = 0;
    std::int64_t total_bytes = 0;
  };

  virtual ~MemoryGauge() = default;
  // "cuda:0 NVIDIA H200".
  virtual std::string device() const = 0;
  virtual absl::StatusOr<Reading> Read() const = 0;
  // Begins anew to look for the peaks.
  virtual void StartPeak() = 0;
  // At most since then: in tensors, and taken from the GPU for them. What a captured graph needs
  // between its replays is in the second alone.
  virtual std::int64_t PeakInTensors() const = 0;
  virtual std::int64_t PeakTaken() const = 0;
};

// Of a resolved device; null for the CPU.
std::unique_ptr<MemoryGauge> GaugeOf(const Device& device);

// Bounds what LibTorch takes of a resolved device, from now on and for the whole process; CUDA's
// own half gigabyte or so comes on top. Without a limit nothing changes. INVALID_ARGUMENT when the
// device is the CPU, or has less.
absl::Status LimitMemory(const Device& device, const std::optional<MemoryLimit>& limit);

}  // namespace peculiar
