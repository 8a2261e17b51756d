// Trains a network on a dataset (paper section 4.2): epochs of shuffled, augmented copies, a test
// loss after each, a checkpoint after each and when asked to stop. The result is a function of the
// options and the dataset: the same on every run with one device kind, thread count and number of
// processes, also when the run was stopped or killed anywhere and started again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/dataset/dataset.h"
#include "core/train/metrics.h"
#include "core/train/train_options.h"

namespace peculiar {

class ProcessGroup;

struct TrainProgress {
  int epoch = 0;  // being trained, from 1
  int epochs = 0;
  std::size_t step = 0;  // done in this epoch
  std::size_t steps = 0;
  double train_loss = 0;  // reconstruction per voxel, mean of this epoch so far
  double train_kl = 0;
  std::optional<double> test_loss;  // of the last evaluation
  std::int64_t step_cubes = 0;      // in the step just done
  std::int64_t cubes_done = 0;      // over all epochs, earlier runs included
  std::int64_t cubes_total = 0;     // that all epochs take
  double cubes_per_second = 0;      // of this epoch so far
};

// All are called on the thread that trains; each may be empty.
struct TrainCallbacks {
  std::function<void(const TrainProgress&)> on_step;
  std::function<void(const EpochMetrics&)> on_epoch;
  // Asked before every step; true ends the run with a checkpoint.
  std::function<bool()> should_stop;
};

struct TrainReport {
  std::string engine;
  std::string device;            // "cpu", "cuda:0"
  int processes = 1;             // that trained together
  bool interrupted = false;      // should_stop ended it; training again goes on from there
  bool already_trained = false;  // there was nothing left to do
  bool stopped_early = false;    // patience ran out before the epochs
  // Where it started from: epochs done, and steps done in the next one. 0, 0 for a fresh start.
  int resumed_epoch = 0;
  std::size_t resumed_step = 0;
  int epochs = 0;          // done in all
  std::int64_t steps = 0;  // optimiser steps done in all
  std::size_t train_galaxies = 0;
  std::size_t test_galaxies = 0;
  std::int64_t parameters = 0;  // of the network
  EpochMetrics first;           // before training
  EpochMetrics last;            // of the epoch whose weights are kept: the last, or the best
};

// Trains the network of `options` in `model_folder` (made when absent) until options.epochs are
// done, going on from the checkpoint there. Writes config.json, checkpoints, metrics.jsonl.
// Errors: INVALID_ARGUMENT for options that make no sense or do not fit the dataset;
// FAILED_PRECONDITION naming each option that differs from the run that left the checkpoint;
// DATA_LOSS for a broken checkpoint, or for a loss or gradient that is not finite: "non-finite loss
// at epoch E step S (galaxies ...)", before the weights are touched; the last checkpoint stays.
//
// With a `group`, its processes train one network together: each takes its part of every batch (and
// of the test), so that the weights are those of one process but for rounding. All call this with
// the same options, dataset and model folder; rank 0 alone writes; should_stop of any ends it for
// all, one step later. FAILED_PRECONDITION for a rank that was started otherwise than rank 0;
// errors of ProcessGroup.
absl::StatusOr<TrainReport> Train(const Dataset& dataset, const std::filesystem::path& model_folder,
                                  const TrainOptions& options, const TrainCallbacks& callbacks,
                                  ProcessGroup* group = nullptr);

}  // namespace peculiar
