#include "core/cuda/gpus.h"

#include <cuda_runtime_api.h>

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

namespace {

absl::Status CheckThere(int index) {
  PECULIAR_ASSIGN_OR_RETURN(const int gpus, CountGpus());
  if (index >= 0 && index < gpus) return absl::OkStatus();
  return InvalidArgument("there is no GPU {}: there are {}", index, gpus);
}

}  // namespace

absl::StatusOr<GpuDescription> DescribeGpu(int index) {
  PECULIAR_RETURN_IF_ERROR(CheckThere(index));
  cudaDeviceProp properties{};
  PECULIAR_RETURN_IF_ERROR(
      CudaStatus(cudaGetDeviceProperties(&properties, index), "cannot describe a GPU"));
  int cuda_version = 0;
  cudaDriverGetVersion(&cuda_version);
  const auto proc = ReadFile("/proc/driver/nvidia/version");  // not in every container
  return GpuDescription{properties.name,
                        DriverText(proc.ok() ? std::string_view(*proc) : "", cuda_version)};
}

absl::StatusOr<GpuMemory> ReadGpuMemory(int index) {
  PECULIAR_RETURN_IF_ERROR(CheckThere(index));
  int before = 0;
  PECULIAR_RETURN_IF_ERROR(CudaStatus(cudaGetDevice(&before), "cannot ask for the GPU in use"));
  PECULIAR_RETURN_IF_ERROR(CudaStatus(cudaSetDevice(index), "cannot use a GPU"));
  std::size_t free = 0, total = 0;
  const absl::Status status =
      CudaStatus(cudaMemGetInfo(&free, &total), "cannot read the memory of a GPU");
  cudaSetDevice(before);
  PECULIAR_RETURN_IF_ERROR(status);
  return GpuMemory{static_cast<std::int64_t>(free), static_cast<std::int64_t>(total)};
}

absl::Status CudaStatus(CudaError error, std::string_view what) {
  if (error == cudaSuccess) return absl::OkStatus();
  const auto code = static_cast<cudaError_t>(error);
  const std::string text =
      fmt::format("{}: {} ({})", what, cudaGetErrorString(code), cudaGetErrorName(code));
  return code == cudaErrorMemoryAllocation ? ResourceExhausted("{}", text) : Internal("{}", text);
}

}  // namespace peculiar
