#include "core/model/losses.h"

#include <torch/utils.h>

namespace peculiar {

LossTerms ComputeLoss(const NetworkConfig& config, const torch::Tensor& cubes,
                      const NetworkOutput& output) {
  const auto difference = cubes - output.reconstruction;
  const auto error =
      config.loss == ReconstructionLoss::kMae ? difference.abs() : difference.square();
  LossTerms loss;
  loss.reconstruction = error.mean();
  if (config.kind == ModelKind::kAe) {
    loss.total = loss.reconstruction;
    loss.kl = torch::zeros({}, cubes.options());
    return loss;
  }
  const auto terms = 1 + output.log_variance - output.mean.square() - output.log_variance.exp();
  loss.kl = -0.5 * terms.sum(1).mean();
  const double voxels = static_cast<double>(cubes.numel()) / static_cast<double>(cubes.size(0));
  loss.total = loss.reconstruction * voxels + config.beta * loss.kl;
  return loss;
}

torch::Tensor Packed(const LossTerms& loss) {
  const torch::NoGradGuard no_grad;
  return at::stack({loss.total, loss.reconstruction, loss.kl}).to(torch::kDouble);
}

StepLoss StepLossOf(const torch::Tensor& packed) {
  const torch::Tensor terms = packed.to(torch::kCPU);
  const auto* values = terms.data_ptr<double>();
  return {values[0], values[1], values[2]};
}

}  // namespace peculiar
