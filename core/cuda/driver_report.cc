#include "core/cuda/gpus.h"

namespace peculiar {
namespace {

std::string CudaVersion(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

absl::StatusOr<int> GpusOf(const DriverReport& report) {
  if (report.error == 0 && report.gpus > 0) return report.gpus;
  if (report.driver_version == 0) {
    return FailedPrecondition("no NVIDIA driver is loaded on this machine");
  }
  // A driver serves every CUDA of its major version.
  if (report.driver_version / 1000 < report.runtime_version / 1000) {
    return FailedPrecondition(
        "the NVIDIA driver is too old: it serves CUDA up to {}, this program needs {}",
        CudaVersion(report.driver_version), CudaVersion(report.runtime_version));
  }
  if (report.error == 0) {
    return FailedPrecondition("the NVIDIA driver shows no GPU; CUDA_VISIBLE_DEVICES may hide them");
  }
  return FailedPrecondition("no usable GPU: {} (CUDA error {})", report.error_text, report.error);
}

}  // namespace peculiar
