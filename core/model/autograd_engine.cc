#include "core/model/autograd_engine.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <algorithm>

#include "core/base/parallel.h"
#include "core/model/guard.h"
#include "core/model/losses.h"
#include "core/model/visit_slices.h"

namespace peculiar {
namespace {

double ShareOf(const Batch& part, const Batch& batch) {
  return static_cast<double>(part.cubes.size(0)) / static_cast<double>(batch.cubes.size(0));
}

StepLoss Average(std::span<const Batch> parts, std::span<const StepLoss> losses,
                 const Batch& batch) {
  StepLoss mean;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const double share = ShareOf(parts[i], batch);
    mean.total += share * losses[i].total;
    mean.reconstruction += share * losses[i].reconstruction;
    mean.kl += share * losses[i].kl;
  }
  return mean;
}

}  // namespace

AutogradEngine::AutogradEngine(Autoencoder& network, const AutogradOptions& options)
    : network_(network), options_(options) {}

NetworkOutput AutogradEngine::Forward(const Batch& batch) const {
  return network_.Forward(batch.cubes, batch.noise, options_.forward);
}

std::vector<Batch> AutogradEngine::Split(const Batch& batch) const {
  const std::int64_t parts = std::min<std::int64_t>(options_.threads, batch.cubes.size(0));
  const auto cubes = batch.cubes.to(options_.device).tensor_split(parts);
  std::vector<Batch> result;
  for (const torch::Tensor& part : cubes) result.push_back({part, {}});
  if (batch.noise.defined()) {
    const auto noise = batch.noise.to(options_.device).tensor_split(parts);
    for (std::size_t i = 0; i < result.size(); ++i) result[i].noise = noise[i];
  }
  return result;
}

absl::Status AutogradEngine::ForEachPart(std::string_view what, std::size_t parts,
                                         const std::function<void(std::size_t)>& work) const {
  return ParallelFor(parts, options_.threads,
                     [&](std::size_t i) { return Guard(what, [&] { work(i); }); });
}

absl::StatusOr<StepLoss> AutogradEngine::Backward(const Batch& batch) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), batch));
  const std::vector<torch::Tensor> parameters = network_.tensors();
  std::vector<Batch> parts;
  std::vector<StepLoss> losses;
  std::vector<std::vector<torch::Tensor>> gradients;
  constexpr std::string_view kWhat = "cannot compute gradients";
  PECULIAR_RETURN_IF_ERROR(Guard(kWhat, [&] { parts = Split(batch); }));
  losses.resize(parts.size());
  gradients.resize(parts.size());
  PECULIAR_RETURN_IF_ERROR(ForEachPart(kWhat, parts.size(), [&](std::size_t i) {
    const NetworkOutput output = Forward(parts[i]);
    const LossTerms loss = ComputeLoss(network_.config(), parts[i].cubes, output);
    gradients[i] = torch::autograd::grad({loss.total * ShareOf(parts[i], batch)}, parameters);
    losses[i] = StepLossOf(Packed(loss));
  }));
  // In the order of the parts, so that the sum depends on their number alone.
  PECULIAR_RETURN_IF_ERROR(Guard(kWhat, [&] {
    const torch::NoGradGuard no_grad;
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      torch::Tensor sum = gradients[0][k];
      for (std::size_t i = 1; i < parts.size(); ++i) sum = sum + gradients[i][k];
      parameters[k].mutable_grad() = sum;
    }
  }));
  return Average(parts, losses, batch);
}

absl::StatusOr<StepLoss> AutogradEngine::Evaluate(const Batch& batch) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), batch));
  std::vector<Batch> parts;
  constexpr std::string_view kWhat = "cannot compute a loss";
  PECULIAR_RETURN_IF_ERROR(Guard(kWhat, [&] { parts = Split(batch); }));
  std::vector<StepLoss> losses(parts.size());
  PECULIAR_RETURN_IF_ERROR(ForEachPart(kWhat, parts.size(), [&](std::size_t i) {
    const torch::NoGradGuard no_grad;  // holds for its thread alone
    const NetworkOutput output = Forward(parts[i]);
    losses[i] = StepLossOf(Packed(ComputeLoss(network_.config(), parts[i].cubes, output)));
  }));
  return Average(parts, losses, batch);
}

absl::StatusOr<torch::Tensor> AutogradEngine::Embed(const torch::Tensor& cubes,
                                                    const SliceVisitor<float>& visit) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), {cubes, {}}));
  std::vector<Batch> parts;
  constexpr std::string_view kWhat = "cannot embed";
  PECULIAR_RETURN_IF_ERROR(Guard(kWhat, [&] { parts = Split({cubes, {}}); }));
  std::vector<std::size_t> first = {0};
  for (const Batch& part : parts) {
    first.push_back(first.back() + static_cast<std::size_t>(part.cubes.size(0)));
  }
  std::vector<torch::Tensor> latents(parts.size());
  PECULIAR_RETURN_IF_ERROR(ForEachPart(kWhat, parts.size(), [&](std::size_t i) {
    const torch::NoGradGuard no_grad;
    const NetworkOutput output = Forward(parts[i]);
    latents[i] = output.mean.to(torch::kCPU);
    if (!visit) return;
    const torch::Tensor images = output.reconstruction.to(torch::kCPU).contiguous();
    for (std::int64_t cube = 0; cube < images.size(0); ++cube) {
      VisitSlices(images[cube], first[i] + static_cast<std::size_t>(cube), visit);
    }
  }));
  return Guard(kWhat,
               [&]() -> absl::StatusOr<torch::Tensor> { return at::cat(latents).contiguous(); });
}

}  // namespace peculiar
