// Times training steps on generated cubes: no dataset, no files. Free of LibTorch.
// Memory is right for the first call in a process alone.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/json.h"
#include "core/train/train_options.h"

namespace peculiar {

struct StepBenchmark {
  std::string engine;
  std::string precision;  // "fp32", "tf32", "bf16"
  bool tuned = false;
  std::string preset;
  std::string kind;    // "ae", "vae"
  std::string device;  // "cpu", "cuda"
  int batch = 0;
  int threads = 0;
  int steps = 0;
  double median_seconds = 0;
  double min_seconds = 0;
  double embed_seconds = 0;  // to embed and reconstruct as many cubes as a step has; the fastest
  double gflops = 0;         // 1e9 operations a second (flops.h) in the fastest step
  double peak_fraction = 0;  // of what these threads reach in multiply-adds alone; 0 on a GPU
  // While stepping, at most: of a GPU what was taken for tensors; of the CPU what was resident,
  // less what was before the engine was made.
  std::int64_t peak_memory_bytes = 0;
};

// One step to warm up, then `steps` whole steps (gradient, clipping, update) of options.network at
// options.batch, timed each. INVALID_ARGUMENT when steps < 1 or for options that make no sense;
// errors of MakeEngine.
absl::StatusOr<StepBenchmark> BenchmarkSteps(const TrainOptions& options, int steps);

// {"engine": .., "preset": .., ..}, on one line.
Json ToJson(const StepBenchmark& benchmark);

}  // namespace peculiar
