#include "core/cuda/gpus.h"

namespace peculiar {

absl::StatusOr<int> CountGpus() {
  return FailedPrecondition(
      "this program is built without CUDA: docs/gpu.md says how to build one");
}

absl::StatusOr<GpuMemory> MemoryOfGpu(int) { return CountGpus().status(); }

absl::StatusOr<GpuDescription> DescribeGpu(int) { return CountGpus().status(); }

absl::Status CudaStatus(CudaError error, std::string_view what) {
  if (error == 0) return absl::OkStatus();
  return Internal("{}: CUDA error {}", what, error);
}

}  // namespace peculiar
