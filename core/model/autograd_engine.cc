#include "core/model/autograd_engine.h"

#include <c10/core/DeviceGuard.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include <algorithm>

#include "core/base/parallel.h"
#include "core/model/guard.h"
#include "core/model/losses.h"
#include "core/model/step_graph.h"

namespace peculiar {
namespace {

StepLoss ValuesOf(const LossTerms& loss) {
  return {loss.total.item<double>(), loss.reconstruction.item<double>(), loss.kl.item<double>()};
}

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

// reconstruction: [B, T, H, W], of the cubes from number `first` on.
void VisitSlices(const torch::Tensor& reconstruction, std::size_t first,
                 const SliceVisitor<float>& visit) {
  if (!visit) return;
  const torch::Tensor values = reconstruction.to(torch::kCPU).contiguous();
  const auto pixels = static_cast<std::size_t>(values.size(2) * values.size(3));
  const float* image = values.data_ptr<float>();
  for (std::int64_t cube = 0; cube < values.size(0); ++cube) {
    for (int slice = 0; slice < values.size(1); ++slice, image += pixels) {
      visit(first + static_cast<std::size_t>(cube), slice, {image, pixels});
    }
  }
}

}  // namespace

struct AutogradEngine::Step {
  Batch batch;
  LossTerms loss;
  std::vector<torch::Tensor> gradients;
  StepGraph graph;
};

AutogradEngine::AutogradEngine(Autoencoder& network, LstmPath path, torch::Device device,
                               int threads, bool graphed)
    : network_(network), path_(path), device_(device), threads_(threads), is_graphed_(graphed) {}

AutogradEngine::~AutogradEngine() = default;

std::vector<Batch> AutogradEngine::Split(const Batch& batch) const {
  const std::int64_t parts = std::min<std::int64_t>(threads_, batch.cubes.size(0));
  const auto cubes = batch.cubes.to(device_).tensor_split(parts);
  std::vector<Batch> result;
  for (const torch::Tensor& part : cubes) result.push_back({part, {}});
  if (batch.noise.defined()) {
    const auto noise = batch.noise.to(device_).tensor_split(parts);
    for (std::size_t i = 0; i < result.size(); ++i) result[i].noise = noise[i];
  }
  return result;
}

absl::Status AutogradEngine::ForEachPart(std::string_view what, std::size_t parts,
                                         const std::function<void(std::size_t)>& work) const {
  return ParallelFor(parts, threads_, [&](std::size_t i) { return Guard(what, [&] { work(i); }); });
}

absl::StatusOr<StepLoss> AutogradEngine::BackwardByGraph(const Batch& batch) {
  return Guard("cannot compute gradients", [&]() -> absl::StatusOr<StepLoss> {
    const c10::DeviceGuard guard(device_);
    const std::vector<torch::Tensor> parameters = network_.tensors();
    std::unique_ptr<Step>& step = steps_[batch.cubes.size(0)];
    if (step == nullptr) {
      step = std::make_unique<Step>();
      step->batch.cubes = at::empty_like(batch.cubes, batch.cubes.options().device(device_));
      if (batch.noise.defined()) {
        step->batch.noise = at::empty_like(batch.noise, batch.noise.options().device(device_));
      }
    }
    TORCH_CHECK(step->batch.noise.defined() == batch.noise.defined(),
                "batches of one size with noise and without");
    step->batch.cubes.copy_(batch.cubes);
    if (batch.noise.defined()) step->batch.noise.copy_(batch.noise);
    step->graph.Run([&] {
      const NetworkOutput output = network_.Forward(step->batch.cubes, step->batch.noise, path_);
      step->loss = ComputeLoss(network_.config(), step->batch.cubes, output);
      step->gradients = torch::autograd::grad({step->loss.total}, parameters);
    });
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      parameters[k].mutable_grad() = step->gradients[k];
    }
    return ValuesOf(step->loss);
  });
}

absl::StatusOr<StepLoss> AutogradEngine::Backward(const Batch& batch) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), batch));
  if (is_graphed_) return BackwardByGraph(batch);
  const std::vector<torch::Tensor> parameters = network_.tensors();
  std::vector<Batch> parts;
  std::vector<StepLoss> losses;
  std::vector<std::vector<torch::Tensor>> gradients;
  constexpr std::string_view kWhat = "cannot compute gradients";
  PECULIAR_RETURN_IF_ERROR(Guard(kWhat, [&] { parts = Split(batch); }));
  losses.resize(parts.size());
  gradients.resize(parts.size());
  PECULIAR_RETURN_IF_ERROR(ForEachPart(kWhat, parts.size(), [&](std::size_t i) {
    const NetworkOutput output = network_.Forward(parts[i].cubes, parts[i].noise, path_);
    const LossTerms loss = ComputeLoss(network_.config(), parts[i].cubes, output);
    gradients[i] = torch::autograd::grad({loss.total * ShareOf(parts[i], batch)}, parameters);
    losses[i] = ValuesOf(loss);
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
    const NetworkOutput output = network_.Forward(parts[i].cubes, parts[i].noise, path_);
    losses[i] = ValuesOf(ComputeLoss(network_.config(), parts[i].cubes, output));
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
    const NetworkOutput output = network_.Forward(parts[i].cubes, {}, path_);
    latents[i] = output.mean.to(torch::kCPU);
    VisitSlices(output.reconstruction, first[i], visit);
  }));
  return Guard(kWhat,
               [&]() -> absl::StatusOr<torch::Tensor> { return at::cat(latents).contiguous(); });
}

}  // namespace peculiar
