#include <cctype>
#include <sstream>

#include "core/cuda/gpus.h"

namespace peculiar {
namespace {

std::string CudaVersion(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

// "580.82.07": digits with points between.
bool IsVersion(std::string_view word) {
  return !word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0 &&
         word.find('.') != std::string_view::npos &&
         word.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

std::string DriverText(std::string_view proc_version, int cuda_version) {
  const std::string cuda = fmt::format("CUDA {}", CudaVersion(cuda_version));
  std::istringstream words{std::string(proc_version.substr(0, proc_version.find('\n')))};
  for (std::string word; words >> word;) {
    if (IsVersion(word)) return fmt::format("{} ({})", word, cuda);
  }
  return cuda;
}

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
