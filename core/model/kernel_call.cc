#include "core/model/kernel_call.h"

#ifdef PECULIAR_WITH_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "core/cuda/gpus.h"
#endif

namespace peculiar {

#ifdef PECULIAR_WITH_CUDA
void OnGpu(const torch::Tensor& tensor, std::string_view what,
           const std::function<CudaError(CudaStream)>& launch) {
  const c10::cuda::CUDAGuard guard(tensor.device());
  const absl::Status status =
      CudaStatus(launch(c10::cuda::getCurrentCUDAStream().stream()), std::string(what));
  TORCH_CHECK(status.ok(), std::string(MessageOf(status)));
}
#else
void OnGpu(const torch::Tensor&, std::string_view what,
           const std::function<CudaError(CudaStream)>&) {
  TORCH_CHECK(false, std::string(what), ": this program is built without CUDA");
}
#endif

}  // namespace peculiar
