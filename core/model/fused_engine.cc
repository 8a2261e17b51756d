#include "core/model/fused_engine.h"

#include <torch/utils.h>

#include <span>

#include "core/model/flat_tensors.h"
#include "core/model/guard.h"

namespace peculiar {
namespace {

// A tensor's values in a row; the copy, if one is needed, lives in `owner`.
std::span<const float> ValuesOf(const torch::Tensor& tensor, torch::Tensor& owner) {
  if (!tensor.defined()) return {};
  owner = tensor.to(torch::kCPU).contiguous();
  return {owner.data_ptr<float>(), static_cast<std::size_t>(owner.numel())};
}

std::span<float> ValuesOf(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace

absl::Status FusedEngine::Prepare(const Batch& batch) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), batch));
  const torch::NoGradGuard no_grad;
  return fused_.SetParameters(ValuesOf(at::cat(Flattened(network_.tensors()))));
}

absl::StatusOr<StepLoss> FusedEngine::Backward(const Batch& batch) {
  return Guard("cannot compute gradients", [&]() -> absl::StatusOr<StepLoss> {
    PECULIAR_RETURN_IF_ERROR(Prepare(batch));
    torch::Tensor cubes, noise;
    const auto all =
        torch::empty({static_cast<std::int64_t>(fused_.parameter_count())}, torch::kFloat32);
    PECULIAR_ASSIGN_OR_RETURN(
        const StepLoss loss,
        fused_.Step(ValuesOf(batch.cubes, cubes), ValuesOf(batch.noise, noise), ValuesOf(all)));
    const std::vector<torch::Tensor> parameters = network_.tensors();
    SetGradients(parameters, PartsOf(all, parameters));
    return loss;
  });
}

absl::StatusOr<StepLoss> FusedEngine::Evaluate(const Batch& batch) {
  return Guard("cannot compute a loss", [&]() -> absl::StatusOr<StepLoss> {
    PECULIAR_RETURN_IF_ERROR(Prepare(batch));
    torch::Tensor cubes, noise;
    return fused_.Evaluate(ValuesOf(batch.cubes, cubes), ValuesOf(batch.noise, noise));
  });
}

absl::StatusOr<torch::Tensor> FusedEngine::Embed(const torch::Tensor& cubes,
                                                 const SliceVisitor<float>& visit) {
  return Guard("cannot embed", [&]() -> absl::StatusOr<torch::Tensor> {
    PECULIAR_RETURN_IF_ERROR(Prepare({cubes, {}}));
    torch::Tensor owner;
    const auto latent = torch::empty({cubes.size(0), network_.config().latent}, torch::kFloat32);
    PECULIAR_RETURN_IF_ERROR(fused_.Embed(ValuesOf(cubes, owner), ValuesOf(latent), visit));
    return latent;
  });
}

}  // namespace peculiar
