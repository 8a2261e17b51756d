#include "core/model/memory_gauge.h"

#ifdef PECULIAR_WITH_CUDA
#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#endif

#include <algorithm>

#include "core/cuda/gpus.h"
#include "core/model/guard.h"

namespace peculiar {
namespace {

absl::Status CheckIsGpu(const Device& device) {
  if (device.kind == DeviceKind::kCuda) return absl::OkStatus();
  return InvalidArgument(
      "a memory limit bounds what is taken of a GPU, but the device is the CPU: leave it out, or "
      "ask for a GPU");
}

}  // namespace

#ifdef PECULIAR_WITH_CUDA
namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

class GpuGauge : public MemoryGauge {
 public:
  explicit GpuGauge(const Device& device)
      : device_(device), index_(static_cast<c10::DeviceIndex>(device.index)) {}

  std::string device() const override { return DescribeDevice(device_).device; }

  absl::StatusOr<Reading> Read() const override {
    PECULIAR_ASSIGN_OR_RETURN(const GpuMemory memory, MemoryOfGpu(device_.index));
    const auto allowed = static_cast<std::int64_t>(static_cast<double>(memory.total) *
                                                   allocator::getMemoryFraction(index_));
    const auto stats = Stats();
    const std::int64_t usable = std::min(allowed, stats.reserved_bytes[kAll].current + memory.free);
    return Reading{.usable_bytes = usable,
                   .left_bytes = usable - stats.allocated_bytes[kAll].current,
                   .free_bytes = memory.free,
                   .total_bytes = memory.total};
  }

  void StartPeak() override { allocator::resetPeakStats(index_); }
  std::int64_t PeakInTensors() const override { return Stats().allocated_bytes[kAll].peak; }
  std::int64_t PeakTaken() const override { return Stats().reserved_bytes[kAll].peak; }

 private:
  static constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);

  c10::CachingDeviceAllocator::DeviceStats Stats() const {
    return allocator::getDeviceStats(index_);
  }

  const Device device_;
  const c10::DeviceIndex index_;
};

}  // namespace

std::unique_ptr<MemoryGauge> GaugeOf(const Device& device) {
  if (device.kind != DeviceKind::kCuda) return nullptr;
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);  // the allocator knows no GPU before
  return std::make_unique<GpuGauge>(device);
}

absl::Status LimitMemory(const Device& device, const std::optional<MemoryLimit>& limit) {
  if (!limit) return absl::OkStatus();
  PECULIAR_RETURN_IF_ERROR(CheckIsGpu(device));
  PECULIAR_ASSIGN_OR_RETURN(const GpuMemory memory, MemoryOfGpu(device.index));
  PECULIAR_ASSIGN_OR_RETURN(const double share, ShareOf(*limit, memory.total));
  return Guard("cannot limit the memory of " + DeviceName(device), [&] {
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
    allocator::setMemoryFraction(share, static_cast<c10::DeviceIndex>(device.index));
  });
}
#else
std::unique_ptr<MemoryGauge> GaugeOf(const Device&) { return nullptr; }

absl::Status LimitMemory(const Device& device, const std::optional<MemoryLimit>& limit) {
  if (!limit) return absl::OkStatus();
  PECULIAR_RETURN_IF_ERROR(CheckIsGpu(device));
  return CountGpus().status();
}
#endif

}  // namespace peculiar
