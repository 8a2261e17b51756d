#include "core/model/layer_norm.h"

#include <torch/autograd.h>

#include "core/cuda/layer_norm.h"
#include "core/model/kernel_call.h"

namespace peculiar {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename T>
LayerNormCall<T> CallOf(const torch::Tensor& images, const torch::Tensor& gamma, double epsilon) {
  LayerNormCall<T> call;
  call.pixels = static_cast<int>(images.numel() / images.size(1));
  call.lanes = static_cast<int>(images.size(1));
  call.epsilon = static_cast<float>(epsilon);
  call.input = DataOf<T>(images);
  call.gamma = DataOf<float>(gamma);
  return call;
}

class Norm : public torch::autograd::Function<Norm> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& images,
                               const torch::Tensor& gamma, const torch::Tensor& beta,
                               double epsilon) {
    const torch::Tensor output = at::empty_like(images);
    WithStoredType(images, [&](auto stored) {
      using T = decltype(stored);
      LayerNormCall<T> call = CallOf<T>(images, gamma, epsilon);
      call.beta = DataOf<float>(beta);
      call.output = DataOf<T>(output);
      OnGpu(images, "a layer norm",
            [&](CudaStream stream) { return LaunchLayerNormForward(call, stream); });
    });
    context->save_for_backward({images, gamma});
    context->saved_data["epsilon"] = epsilon;
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor &images = saved[0], &gamma = saved[1];
    const torch::Tensor grad = grads[0].contiguous(at::MemoryFormat::ChannelsLast);
    const torch::Tensor input_grad = at::empty_like(images);
    torch::Tensor sums;
    WithStoredType(images, [&](auto stored) {
      using T = decltype(stored);
      LayerNormCall<T> call = CallOf<T>(images, gamma, context->saved_data["epsilon"].toDouble());
      sums = at::empty({LayerNormBlocks(call), 2, images.size(1)}, gamma.options());
      call.output_gradient = DataOf<T>(grad);
      call.input_gradient = DataOf<T>(input_grad);
      call.sums = DataOf<float>(sums);
      OnGpu(images, "a layer norm",
            [&](CudaStream stream) { return LaunchLayerNormBackward(call, stream); });
    });
    const torch::Tensor sum = sums.sum(0);
    return {input_grad, sum[0], sum[1], torch::Tensor()};
  }
};

}  // namespace

bool FusedLayerNormTakes(const torch::Tensor& images) {
  return images.is_cuda() && IsStoredType(images) && LayerNormTakes(images.size(1));
}

torch::Tensor FusedLayerNorm(const torch::Tensor& images, const torch::Tensor& gamma,
                             const torch::Tensor& beta, double epsilon) {
  return Norm::apply(images, gamma, beta, epsilon);
}

}  // namespace peculiar
