// Every choice of a training run: what shapes the result, and how it is computed. One home of the
// defaults; the command line shows these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/dataset/augment.h"
#include "core/dataset/split.h"
#include "core/model/device.h"
#include "core/model/memory_limit.h"
#include "core/model/precision.h"
#include "core/network/network_config.h"
#include "core/train/optimiser_kind.h"
#include "core/train/rate_schedule.h"

namespace peculiar {

struct TrainOptions {
  // What shapes the result. A run goes on from a checkpoint only with the same values, but for
  // `epochs`, which may be raised when neither the rate nor the end depends on it (constant rate,
  // no patience).
  NetworkConfig network;
  int epochs = 30;                                       // paper
  int batch = 16;                                        // paper; cubes a step, over all processes
  OptimiserKind optimiser = OptimiserKind::kAdagrad;     // paper
  double learning_rate = 0.001;                          // Keras's default for both optimisers
  RateSchedule rate_schedule = RateSchedule::kConstant;  // paper
  // Ends the run when the test loss (of the reconstruction, for the vAE too) has not fallen for so
  // many epochs, and keeps the weights of the
  // epoch with the lowest, also when the epochs run out; 0 = all epochs, the last weights (paper).
  int patience = 0;
  // Gradients longer than this are scaled down to it; 0 = off. Stated for the loss per voxel: for
  // the vAE, whose loss is a sum over voxels, times the number of voxels (ClipThreshold).
  double clip_norm = 1;
  std::uint64_t seed = 1;  // first weights, split, order, augmentation, noise
  int copies = 3;          // augmented copies a galaxy (paper)
  bool keep_originals = false;
  AugmentOptions augment;
  double test_fraction = kDefaultTestFraction;  // of the galaxies

  // Drops the model folder's earlier training, once everything else is found in order.
  bool fresh = false;

  // How it is computed. Results differ by float rounding at most, but only runs with equal values
  // here are bit-identical.
  Device device;
  int threads = 0;  // 0 = all cores
  std::string engine = "fused";
  Precision precision = Precision::kFp32;
  bool tune = false;                        // EngineOptions
  std::optional<MemoryLimit> memory_limit;  // see EngineOptions
  // A checkpoint within an epoch when the last is older than this; 0 = at the end of epochs only.
  double checkpoint_minutes = 10;
};

// How weights move, by preset: `paper` as the paper trains; `small` and `tiny` with what learns
// most in few epochs on a simulated survey (docs/benchmarks.md).
struct StepRule {
  OptimiserKind optimiser = TrainOptions().optimiser;
  double learning_rate = TrainOptions().learning_rate;
  RateSchedule rate_schedule = TrainOptions().rate_schedule;
};
StepRule PresetStepRule(std::string_view preset);

// INVALID_ARGUMENT naming the option, its value and what is allowed; also when the network's
// channels or size are not the dataset's.
absl::Status ValidateTrainOptions(const TrainOptions& options, int dataset_channels,
                                  int dataset_size);

// INVALID_ARGUMENT unless `processes` (WORLD_SIZE) divides the batch.
absl::Status CheckBatchDivides(int batch, int processes);

// The gradient norm above which `options` clip, in the units of the loss that is minimised;
// infinite when off.
double ClipThreshold(const TrainOptions& options);

// What shapes the result; `epochs` is left out when it may be raised. Written into
// checkpoints.
Json IdentityOf(const TrainOptions& options);

// FAILED_PRECONDITION naming every value that differs: "learning_rate is 0.01, the checkpoint has
// 0.001". `holder`: who has the saved ones.
absl::Status CheckSameIdentity(const Json& asked, const Json& saved,
                               std::string_view holder = "the checkpoint");

}  // namespace peculiar
