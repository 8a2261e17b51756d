// The GPUs of this machine, or why there are none that this program can use. Asks the driver each
// time; thread-safe. Free of CUDA's headers: a program built without CUDA answers too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/cuda/launch.h"

namespace peculiar {

// How many GPUs CUDA_VISIBLE_DEVICES leaves, at least 1. FAILED_PRECONDITION saying what is
// missing: CUDA in this program, a driver, a newer driver, a GPU.
absl::StatusOr<int> CountGpus();

// Bytes of a GPU's memory, those that are free with all programs on it counted.
struct GpuMemory {
  std::int64_t free = 0;
  std::int64_t total = 0;
};
// Requires 0 <= index < CountGpus. Errors of CudaStatus.
absl::StatusOr<GpuMemory> MemoryOfGpu(int index);

// What CUDA's runtime says of the driver. Versions as CUDA has them: 13020 is 13.2.
struct DriverReport {
  CudaError error = 0;
  std::string error_text;
  int gpus = 0;
  int driver_version = 0;   // the newest CUDA that the driver can serve; 0: there is no driver
  int runtime_version = 0;  // that of this program
};
// CountGpus by its answers.
absl::StatusOr<int> GpusOf(const DriverReport& report);

// What a record of a computation says of a GPU. `driver`: "580.82.07 (CUDA 13.0)", or without the
// number where the system does not tell it. Requires 0 <= index < CountGpus. Errors of CudaStatus.
struct GpuDescription {
  std::string name;  // "NVIDIA H200"
  std::string driver;
};
absl::StatusOr<GpuDescription> DescribeGpu(int index);
// GpuDescription::driver by what /proc/driver/nvidia/version holds (empty: nothing) and the newest
// CUDA that the driver can serve.
std::string DriverText(std::string_view proc_version, int cuda_version);

// OK, or what was attempted with CUDA's words: out of memory RESOURCE_EXHAUSTED, all else INTERNAL.
absl::Status CudaStatus(CudaError error, std::string_view what);

}  // namespace peculiar
