// In place of the kernels in a program without CUDA: every launch is refused.
#include "core/cuda/augment.h"
#include "core/cuda/gpus.h"
#include "core/cuda/layer_norm.h"
#include "core/cuda/lstm_cell.h"
#include "core/cuda/lstm_scan.h"

namespace peculiar {
namespace {

constexpr CudaError kNoDevice = 100;  // cudaErrorNoDevice

}  // namespace

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

bool LstmScanRuns() { return false; }
CudaError LaunchLstmScanForward(const LstmScanCall&, CudaStream) { return kNoDevice; }
CudaError LaunchLstmScanBackward(const LstmScanCall&, CudaStream) { return kNoDevice; }

CudaError LaunchAugment(const AugmentCall&, CudaStream) { return kNoDevice; }

template <typename T>
CudaError LaunchLstmCellForward(const LstmCellCall<T>&, CudaStream) {
  return kNoDevice;
}
template <typename T>
CudaError LaunchLstmCellBackward(const LstmCellCall<T>&, CudaStream) {
  return kNoDevice;
}
template <typename T>
CudaError LaunchLayerNormForward(const LayerNormCall<T>&, CudaStream) {
  return kNoDevice;
}
template <typename T>
CudaError LaunchLayerNormBackward(const LayerNormCall<T>&, CudaStream) {
  return kNoDevice;
}

template CudaError LaunchLstmCellForward(const LstmCellCall<float>&, CudaStream);
template CudaError LaunchLstmCellForward(const LstmCellCall<BFloat16>&, CudaStream);
template CudaError LaunchLstmCellBackward(const LstmCellCall<float>&, CudaStream);
template CudaError LaunchLstmCellBackward(const LstmCellCall<BFloat16>&, CudaStream);
template CudaError LaunchLayerNormForward(const LayerNormCall<float>&, CudaStream);
template CudaError LaunchLayerNormForward(const LayerNormCall<BFloat16>&, CudaStream);
template CudaError LaunchLayerNormBackward(const LayerNormCall<float>&, CudaStream);
template CudaError LaunchLayerNormBackward(const LayerNormCall<BFloat16>&, CudaStream);

}  // namespace peculiar
