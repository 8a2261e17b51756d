#include "core/train/benchmark.h"

#include <sys/resource.h>
#include <torch/types.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/model/engine.h"
#include "core/model/guard.h"
#include "core/model/memory_gauge.h"
#include "core/network/flops.h"
#include "core/network/fma_peak.h"
#include "core/train/optimiser.h"

namespace peculiar {
namespace {

torch::Tensor NormalNumbers(at::IntArrayRef shape, Random& random) {
  torch::Tensor tensor = torch::empty(shape, torch::kFloat32);
  float* values = tensor.data_ptr<float>();
  std::generate(values, values + tensor.numel(),
                [&] { return static_cast<float>(random.Normal()); });
  return tensor;
}

Batch GeneratedBatch(const TrainOptions& options) {
  const NetworkConfig& network = options.network;
  Random random(options.seed);
  Batch batch;
  batch.cubes =
      NormalNumbers({options.batch, network.channels, network.size, network.size}, random);
  if (network.kind == ModelKind::kVae) {
    batch.noise = NormalNumbers({options.batch, network.latent}, random);
  }
  return batch;
}

void MoveTo(torch::Device device, Batch& batch) {
  batch.cubes = batch.cubes.to(device);
  if (batch.noise.defined()) batch.noise = batch.noise.to(device);
}

std::int64_t ResidentBytes() {
  std::int64_t total = 0, resident = 0;  // pages
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::int64_t PeakResidentBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

// The steps' seconds, rising.
absl::StatusOr<std::vector<double>> TimeSteps(Engine& engine, Optimiser& optimiser,
                                              const Batch& batch, const TrainOptions& options,
                                              int steps) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  for (int step = 0; step <= steps; ++step) {
    const Clock::time_point start = Clock::now();
    optimiser.Start(options.learning_rate);
    PECULIAR_ASSIGN_OR_RETURN(const StepLoss loss,
                              engine.TakeStep(batch, [&] { optimiser.Update(); }));
    const double norm = optimiser.GradientNorm();
    if (!std::isfinite(loss.total) || !std::isfinite(norm)) {
      return DataLoss("step {}: loss {}, gradient norm {}: not the arithmetic of a training", step,
                      loss.total, norm);
    }
    // The first one touches its memory for the first time.
    if (step > 0) seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

// Seconds of the fastest forward pass alone.
absl::StatusOr<double> TimeEmbedding(Engine& engine, const Batch& batch, int times) {
  using Clock = std::chrono::steady_clock;
  double fastest = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= times; ++i) {
    const Clock::time_point start = Clock::now();
    PECULIAR_RETURN_IF_ERROR(
        engine.Embed(batch.cubes, [](std::size_t, int, std::span<const float>) {}).status());
    fastest = std::min(fastest, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return fastest;
}

absl::StatusOr<StepBenchmark> Run(const TrainOptions& options, int steps) {
  const NetworkConfig& config = options.network;
  Batch batch = GeneratedBatch(options);
  Autoencoder network(config, options.seed);
  const std::int64_t before = ResidentBytes();
  PECULIAR_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            MakeEngine(options.engine, network,
                                       {.device = options.device,
                                        .threads = options.threads,
                                        .precision = options.precision,
                                        .tune = options.tune,
                                        .memory_limit = options.memory_limit}));
  MoveTo(engine->device(), batch);  // where training has them (ResidentBatches)
  Optimiser optimiser(options.optimiser, ClipThreshold(options), network.parameters());
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<double> seconds,
                            TimeSteps(*engine, optimiser, batch, options, steps));
  const auto gauge = GaugeOf(DeviceOf(*engine));
  const std::int64_t peak_memory =  // of the steps alone
      gauge == nullptr ? PeakResidentBytes() - before : gauge->PeakTaken();
  StepBenchmark benchmark;
  PECULIAR_ASSIGN_OR_RETURN(benchmark.embed_seconds, TimeEmbedding(*engine, batch, steps));
  benchmark.engine = options.engine;
  benchmark.tuned = options.tune;
  benchmark.precision = PrecisionName(options.precision);
  benchmark.preset = config.preset;
  benchmark.kind = ModelKindName(config.kind);
  benchmark.device = engine->device().is_cpu() ? "cpu" : "cuda";
  benchmark.batch = options.batch;
  benchmark.threads = options.threads > 0 ? options.threads : HardwareThreads();
  benchmark.steps = steps;
  benchmark.median_seconds = seconds[seconds.size() / 2];
  benchmark.min_seconds = seconds.front();
  benchmark.gflops = options.batch * StepFlops(config) / benchmark.min_seconds / 1e9;
  benchmark.peak_memory_bytes = peak_memory;
  if (engine->device().is_cpu()) {
    benchmark.peak_fraction = benchmark.gflops / MeasureFmaPeak(benchmark.threads);
  }
  return benchmark;
}

}  // namespace

absl::StatusOr<StepBenchmark> BenchmarkSteps(const TrainOptions& options, int steps) {
  if (steps < 1) return InvalidArgument("{} steps to time, expected at least 1", steps);
  PECULIAR_RETURN_IF_ERROR(
      ValidateTrainOptions(options, options.network.channels, options.network.size));
  return Guard("cannot time training steps", [&] { return Run(options, steps); });
}

Json ToJson(const StepBenchmark& benchmark) {
  return {{"engine", benchmark.engine},
          {"precision", benchmark.precision},
          {"tuned", benchmark.tuned},
          {"preset", benchmark.preset},
          {"kind", benchmark.kind},
          {"device", benchmark.device},
          {"batch", benchmark.batch},
          {"threads", benchmark.threads},
          {"steps", benchmark.steps},
          {"median_seconds", benchmark.median_seconds},
          {"min_seconds", benchmark.min_seconds},
          {"embed_seconds", benchmark.embed_seconds},
          {"gflops", benchmark.gflops},
          {"peak_fraction", benchmark.peak_fraction},
          {"peak_memory_bytes", benchmark.peak_memory_bytes}};
}

}  // namespace peculiar
