#include "core/cuda/gpus.h"

#include <cuda_runtime_api.h>

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

absl::Status CudaStatus(CudaError error, std::string_view what) {
  if (error == cudaSuccess) return absl::OkStatus();
  const auto code = static_cast<cudaError_t>(error);
  const std::string text =
      fmt::format("{}: {} ({})", what, cudaGetErrorString(code), cudaGetErrorName(code));
  return code == cudaErrorMemoryAllocation ? ResourceExhausted("{}", text) : Internal("{}", text);
}

}  // namespace peculiar
