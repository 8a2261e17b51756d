#include "core/cuda/gpus.h"

#include <cuda_runtime_api.h>

#include <thread>

#include "core/base/file.h"

namespace peculiar {

absl::StatusOr<int> CountGpus() {
  DriverReport report;
  const cudaError_t error = cudaGetDeviceCount(&report.gpus);
  cudaGetLastError();  // or the next launch would report it
  // No GPU is an error to CUDA and a count to us.
  if (error == cudaErrorNoDevice) {
    report.gpus = 0;
  } else {
    report.error = error;
    report.error_text = cudaGetErrorString(error);
  }
  cudaDriverGetVersion(&report.driver_version);
  cudaRuntimeGetVersion(&report.runtime_version);
  return GpusOf(report);
}

absl::StatusOr<GpuMemory> MemoryOfGpu(int index) {
  std::size_t free = 0, total = 0;
  cudaError_t error = cudaSuccess;
  // The current GPU is a thread's: in one of its own nothing is to be put back, which would set up
  // the first GPU too.
  std::thread([&] {
    error = cudaSetDevice(index);
    if (error == cudaSuccess) error = cudaMemGetInfo(&free, &total);
  }).join();
  PECULIAR_RETURN_IF_ERROR(
      CudaStatus(error, fmt::format("cannot ask for the memory of GPU {}", index)));
  return GpuMemory{static_cast<std::int64_t>(free), static_cast<std::int64_t>(total)};
}

absl::StatusOr<GpuDescription> DescribeGpu(int index) {
  cudaDeviceProp properties{};
  PECULIAR_RETURN_IF_ERROR(
      CudaStatus(cudaGetDeviceProperties(&properties, index), "cannot describe a GPU"));
  int cuda_version = 0;
  cudaDriverGetVersion(&cuda_version);
  const auto proc = ReadFile("/proc/driver/nvidia/version");  // not in every container
  return GpuDescription{properties.name,
                        DriverText(proc.ok() ? std::string_view(*proc) : "", cuda_version)};
}

absl::Status CudaStatus(CudaError error, std::string_view what) {
  if (error == cudaSuccess) return absl::OkStatus();
  const auto code = static_cast<cudaError_t>(error);
  const std::string text =
      fmt::format("{}: {} ({})", what, cudaGetErrorString(code), cudaGetErrorName(code));
  return code == cudaErrorMemoryAllocation ? ResourceExhausted("{}", text) : Internal("{}", text);
}

}  // namespace peculiar
