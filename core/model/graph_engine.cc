#include "core/model/graph_engine.h"

#include <c10/core/DeviceGuard.h>
#include <torch/autograd.h>
#include <torch/utils.h>

#include "core/base/parallel.h"
#include "core/model/flat_tensors.h"
#include "core/model/guard.h"
#include "core/model/losses.h"
#include "core/model/visit_slices.h"

namespace peculiar {
namespace {

// Null for the CPU.
std::shared_ptr<GraphMemory> MemoryOn(torch::Device device) {
  if (device.is_cpu()) return nullptr;
  const c10::DeviceGuard guard(device);
  return NewGraphMemory();
}

}  // namespace

struct GraphEngine::Step {
  explicit Step(std::shared_ptr<GraphMemory> memory) : graph(std::move(memory)) {}

  Batch batch;
  torch::Tensor loss;  // Packed
  torch::Tensor latent, reconstruction;
  torch::Tensor on_host;  // the reconstruction
  StepGraph graph;
};

GraphEngine::GraphEngine(Autoencoder& network, const ForwardOptions& forward, torch::Device device,
                         int threads)
    : network_(network),
      forward_(forward),
      device_(device),
      threads_(threads),
      memory_(MemoryOn(device)) {
  gradient_ = at::empty({ValueCount(network.tensors())},
                        torch::TensorOptions(torch::kFloat32).device(device));
  gradients_ = PartsOf(gradient_, network.tensors());
}

GraphEngine::~GraphEngine() = default;

GraphEngine::Step& GraphEngine::StepOf(Work work, const Batch& batch) {
  std::unique_ptr<Step>& step = steps_[{work, batch.cubes.size(0)}];
  if (step == nullptr) {
    step = std::make_unique<Step>(memory_);
    step->batch.cubes = at::empty_like(batch.cubes, batch.cubes.options().device(device_));
    if (batch.noise.defined()) {
      step->batch.noise = at::empty_like(batch.noise, batch.noise.options().device(device_));
    }
  }
  TORCH_CHECK(step->batch.noise.defined() == batch.noise.defined(),
              "batches of one size with noise and without");
  step->batch.cubes.copy_(batch.cubes, /*non_blocking=*/true);
  if (batch.noise.defined()) step->batch.noise.copy_(batch.noise, /*non_blocking=*/true);
  return *step;
}

template <typename Function>
auto GraphEngine::Attempt(std::string_view what, const Function& work) {
  auto result = Guard(what, work);
  if (absl::IsResourceExhausted(result.status()) && steps_.size() > 1) {
    steps_.clear();
    result = Guard(what, work);
  }
  // All, for graphs of one stream share what cuBLAS keeps for it.
  if (!result.ok()) steps_.clear();
  return result;
}

NetworkOutput GraphEngine::Forward(const Step& step) const {
  return network_.Forward(step.batch.cubes, step.batch.noise, forward_);
}

absl::StatusOr<StepLoss> GraphEngine::Backward(const Batch& batch) {
  return Differentiate(Work::kGradients, batch, [] {});
}

absl::StatusOr<StepLoss> GraphEngine::TakeStep(const Batch& batch,
                                               const std::function<void()>& update) {
  return Differentiate(Work::kStep, batch, update);
}

absl::StatusOr<StepLoss> GraphEngine::Differentiate(Work kind, const Batch& batch,
                                                    const std::function<void()>& update) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), batch));
  const auto differentiate = [&]() -> absl::StatusOr<StepLoss> {
    const c10::DeviceGuard guard(device_);
    const std::vector<torch::Tensor> parameters = network_.tensors();
    Step& step = StepOf(kind, batch);
    SetGradients(parameters, gradients_);
    step.graph.Run([&] {
      const LossTerms loss = ComputeLoss(network_.config(), step.batch.cubes, Forward(step));
      const auto gradients = torch::autograd::grad({loss.total}, parameters);
      const torch::NoGradGuard no_grad;
      at::cat_out(gradient_, Flattened(gradients));
      step.loss = Packed(loss);
      update();
    });
    // Nothing from here on may want memory: Attempt would update once more.
    return StepLossOf(step.loss);
  };
  return Attempt("cannot compute gradients", differentiate);
}

absl::StatusOr<StepLoss> GraphEngine::Evaluate(const Batch& batch) {
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), batch));
  const auto evaluate = [&]() -> absl::StatusOr<StepLoss> {
    const c10::DeviceGuard guard(device_);
    const torch::NoGradGuard no_grad;
    Step& step = StepOf(Work::kLoss, batch);
    step.graph.Run([&] {
      step.loss = Packed(ComputeLoss(network_.config(), step.batch.cubes, Forward(step)));
    });
    return StepLossOf(step.loss);
  };
  return Attempt("cannot compute a loss", evaluate);
}

absl::StatusOr<torch::Tensor> GraphEngine::Embed(const torch::Tensor& cubes,
                                                 const SliceVisitor<float>& visit) {
  const Batch batch = {cubes, {}};
  PECULIAR_RETURN_IF_ERROR(CheckBatch(network_.config(), batch));
  const auto work = [&]() -> absl::StatusOr<torch::Tensor> {
    const c10::DeviceGuard guard(device_);
    const torch::NoGradGuard no_grad;
    Step& step = StepOf(Work::kEmbedding, batch);
    step.graph.Run([&] {
      const NetworkOutput output = Forward(step);
      step.latent = output.mean;
      step.reconstruction = output.reconstruction.contiguous();
    });
    torch::Tensor images;
    if (visit) images = ToHost(step);
    const torch::Tensor latent = step.latent.to(torch::kCPU).contiguous();  // waits for the GPU
    if (!visit) return latent;
    PECULIAR_RETURN_IF_ERROR(ParallelFor(
        static_cast<std::size_t>(images.size(0)), threads_, [&](std::size_t i) -> absl::Status {
          VisitSlices(images[static_cast<std::int64_t>(i)], i, visit);
          return absl::OkStatus();
        }));
    return latent;
  };
  return Attempt("cannot embed", work);
}

torch::Tensor GraphEngine::ToHost(Step& step) const {
  if (!step.on_host.defined()) {
    step.on_host =
        at::empty(step.reconstruction.sizes(),
                  torch::TensorOptions(torch::kFloat32).pinned_memory(device_.is_cuda()));
  }
  return step.on_host.copy_(step.reconstruction, /*non_blocking=*/true);
}

}  // namespace peculiar
