#include "core/model/reference_engine.h"

#include <torch/utils.h>

#include "core/model/guard.h"
#include "core/model/losses.h"
#include "core/weights/tensor_file.h"

namespace peculiar {
namespace {

absl::Status CheckTensor(std::string_view what, const torch::Tensor& tensor,
                         std::span<const std::int64_t> expected) {
  const auto sizes = tensor.defined() ? tensor.sizes().vec() : std::vector<std::int64_t>();
  if (tensor.defined() && tensor.scalar_type() == torch::kFloat32 &&
      std::equal(sizes.begin(), sizes.end(), expected.begin(), expected.end())) {
    return absl::OkStatus();
  }
  return InvalidArgument("{} are {} of shape {}, expected float32 of shape {}", what,
                         tensor.defined() ? c10::toString(tensor.scalar_type()) : "undefined",
                         ShapeText(sizes), ShapeText(expected));
}

BatchLoss ValuesOf(const LossTerms& loss) {
  return {loss.total.item<double>(), loss.reconstruction.item<double>(), loss.kl.item<double>()};
}

}  // namespace

absl::Status ReferenceEngine::CheckBatch(const Batch& batch) const {
  const NetworkConfig& config = network_.config();
  const std::int64_t n = batch.cubes.defined() && batch.cubes.dim() > 0 ? batch.cubes.size(0) : 1;
  if (n == 0) return InvalidArgument("an empty batch");
  PECULIAR_RETURN_IF_ERROR(
      CheckTensor("cubes", batch.cubes,
                  std::vector<std::int64_t>{n, config.channels, config.size, config.size}));
  if (!batch.noise.defined()) return absl::OkStatus();
  if (config.kind == ModelKind::kAe) return InvalidArgument("noise given to an autoencoder");
  return CheckTensor("noise", batch.noise, std::vector<std::int64_t>{n, config.latent});
}

absl::StatusOr<BatchLoss> ReferenceEngine::Backward(const Batch& batch) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(batch));
  return Guard("cannot compute gradients", [&]() -> absl::StatusOr<BatchLoss> {
    for (torch::Tensor parameter : network_.tensors()) parameter.mutable_grad().reset();
    const auto cubes = batch.cubes.to(device_);
    const auto noise = batch.noise.defined() ? batch.noise.to(device_) : batch.noise;
    const LossTerms loss = ComputeLoss(network_.config(), cubes, network_.Forward(cubes, noise));
    loss.total.backward();
    return ValuesOf(loss);
  });
}

absl::StatusOr<BatchLoss> ReferenceEngine::Evaluate(const Batch& batch) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(batch));
  return Guard("cannot compute a loss", [&]() -> absl::StatusOr<BatchLoss> {
    const torch::NoGradGuard no_grad;
    const auto cubes = batch.cubes.to(device_);
    const auto noise = batch.noise.defined() ? batch.noise.to(device_) : batch.noise;
    return ValuesOf(ComputeLoss(network_.config(), cubes, network_.Forward(cubes, noise)));
  });
}

absl::StatusOr<EmbeddedBatch> ReferenceEngine::Embed(const torch::Tensor& cubes) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch({cubes, {}}));
  return Guard("cannot embed", [&]() -> absl::StatusOr<EmbeddedBatch> {
    const torch::NoGradGuard no_grad;
    const NetworkOutput output = network_.Forward(cubes.to(device_));
    return EmbeddedBatch{output.mean.to(torch::kCPU).contiguous(),
                         output.reconstruction.to(torch::kCPU).contiguous()};
  });
}

}  // namespace peculiar
