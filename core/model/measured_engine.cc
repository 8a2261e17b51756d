#include "core/model/measured_engine.h"

#include <algorithm>
#include <utility>

#include "core/model/guard.h"
#include "core/model/step_graph.h"

namespace peculiar {
namespace {

Batch FirstCubes(const Batch& batch, std::int64_t n) {
  Batch part = {batch.cubes.narrow(0, 0, n), {}};
  if (batch.noise.defined()) part.noise = batch.noise.narrow(0, 0, n);
  return part;
}

std::string FitText(std::int64_t cubes, const absl::StatusOr<std::int64_t>& fit) {
  if (fit.ok()) return fmt::format("a batch of {} would fit", *fit);
  if (!absl::IsResourceExhausted(fit.status())) return "a smaller batch may fit";
  return fmt::format("not even one cube fits{}: {}", cubes > 1 ? " beside that batch" : "",
                     MessageOf(fit.status()));
}

}  // namespace

std::int64_t BatchThatFits(const StepMemory& small, const StepMemory& large,
                           std::int64_t usable_bytes) {
  // A cube takes no less than the mean of the larger step when that is all there is to go by.
  const std::int64_t slope = (large.peak_bytes - small.peak_bytes) / (large.cubes - small.cubes);
  const std::int64_t a_cube =
      std::max<std::int64_t>(slope > 0 ? slope : large.peak_bytes / large.cubes, 1);
  const std::int64_t fixed = std::max<std::int64_t>(small.peak_bytes - small.cubes * a_cube, 0);
  return std::max<std::int64_t>((usable_bytes / 10 * 9 - fixed) / a_cube, 0);
}

std::unique_ptr<Engine> Measured(std::unique_ptr<Engine> engine, const Device& device) {
  std::unique_ptr<MemoryGauge> gauge = GaugeOf(device);
  if (gauge == nullptr) return engine;
  return std::make_unique<MeasuredEngine>(std::move(engine), std::move(gauge));
}

MeasuredEngine::MeasuredEngine(std::unique_ptr<Engine> engine, std::unique_ptr<MemoryGauge> gauge)
    : engine_(std::move(engine)), gauge_(std::move(gauge)) {}

absl::StatusOr<StepLoss> MeasuredEngine::Backward(const Batch& batch) {
  return ExplainedStep(batch, engine_->Backward(batch));
}

// The batch that would fit is found without updates.
absl::StatusOr<StepLoss> MeasuredEngine::TakeStep(const Batch& batch,
                                                  const std::function<void()>& update) {
  return ExplainedStep(batch, engine_->TakeStep(batch, update));
}

// A batch whose loss fits is of no use when its gradients do not.
absl::StatusOr<StepLoss> MeasuredEngine::Evaluate(const Batch& batch) {
  return ExplainedStep(batch, engine_->Evaluate(batch));
}

absl::StatusOr<StepLoss> MeasuredEngine::ExplainedStep(const Batch& batch,
                                                       absl::StatusOr<StepLoss> loss) {
  if (!absl::IsResourceExhausted(loss.status())) return loss;
  return Explain(loss.status(), batch.cubes.size(0),
                 [&](std::int64_t n) { return engine_->Backward(FirstCubes(batch, n)).status(); });
}

absl::StatusOr<torch::Tensor> MeasuredEngine::Embed(const torch::Tensor& cubes,
                                                    const SliceVisitor<float>& visit) {
  absl::StatusOr<torch::Tensor> latent = engine_->Embed(cubes, visit);
  if (!absl::IsResourceExhausted(latent.status())) return latent;
  return Explain(latent.status(), cubes.size(0), [&](std::int64_t n) {
    return engine_->Embed(cubes.narrow(0, 0, n), {}).status();
  });
}

absl::Status MeasuredEngine::Explain(const absl::Status& error, std::int64_t cubes,
                                     const Work& work) {
  const absl::StatusOr<MemoryGauge::Reading> memory = gauge_->Read();
  if (!memory.ok()) return error;
  absl::StatusOr<std::int64_t> fit = error;
  if (cubes > 1) fit = FindFit(cubes, memory->usable_bytes, work);
  return ResourceExhausted(
      "out of memory on {} with a batch of {} cubes: this process may have {} of {} ({} were "
      "free); {}",
      gauge_->device(), cubes, MemoryText(memory->usable_bytes), MemoryText(memory->total_bytes),
      MemoryText(memory->free_bytes), FitText(cubes, fit));
}

absl::StatusOr<StepMemory> MeasuredEngine::Measure(std::int64_t cubes, const Work& work) {
  gauge_->StartPeak();
  PECULIAR_RETURN_IF_ERROR(work(cubes));
  return StepMemory{cubes, gauge_->PeakInTensors()};
}

absl::StatusOr<std::int64_t> MeasuredEngine::FindFit(std::int64_t cubes, std::int64_t usable_bytes,
                                                     const Work& work) {
  PECULIAR_ASSIGN_OR_RETURN(const StepMemory one, Measure(1, work));
  std::int64_t fit = 1;
  if (cubes > 2) {
    const absl::StatusOr<StepMemory> two = Measure(2, work);
    if (two.ok()) {
      fit = std::clamp<std::int64_t>(BatchThatFits(one, *two, usable_bytes), 2, cubes - 1);
    } else if (!absl::IsResourceExhausted(two.status())) {
      return two.status();
    }
  }
  // Fragments and graphs take more than tensors do.
  absl::Status tried = Try(fit, work);
  while (absl::IsResourceExhausted(tried) && fit > 1) {
    fit = fit * 9 / 10;
    tried = Try(fit, work);
  }
  PECULIAR_RETURN_IF_ERROR(tried);
  return fit;
}

absl::Status MeasuredEngine::Try(std::int64_t cubes, const Work& work) {
  // Twice, for an engine begins anew without its other graphs when there is too little for all.
  for (int run = 0; run < 2 * (StepGraph::kRunsBeforeCapture + 1); ++run) {
    PECULIAR_RETURN_IF_ERROR(work(cubes));
  }
  return absl::OkStatus();
}

}  // namespace peculiar
