// peculiar-worker train: trains a network on the workspace's dataset into W/models/NAME, or goes on
// with it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/model/process_group.h"
#include "core/train/trainer.h"
#include "worker/command.h"
#include "worker/network_choice.h"

namespace peculiar::worker {

struct TrainVerbOptions {
  std::filesystem::path workspace;
  std::string model;  // name; empty = that of the kind
  NetworkChoice network;
  // Changes to how the preset is trained (PresetStepRule).
  std::optional<OptimiserKind> optimiser;
  std::optional<double> learning_rate;
  std::optional<RateSchedule> rate_schedule;
  // The rest; those above, and `network` with the dataset's shape, are filled in.
  TrainOptions training;
  // Among the processes that train together; none = alone.
  std::optional<ProcessPlace> place;
};

struct TrainVerbReport {
  std::string model;
  TrainReport training;
};

// Locks the model meanwhile, and shares the workspace with work on other models; of several
// processes rank 0 does. SIGTERM and SIGINT end it
// after the step being done, with a checkpoint; the report says so. Errors of ProcessGroup::Join,
// Workspace::Open, Dataset::Open and Train.
absl::StatusOr<TrainVerbReport> RunTrain(const TrainVerbOptions& options);

Json ToJson(const TrainVerbReport& report);

// Adds the flags that shape training, for this verb and `run`; they write into `options`.
void AddTrainingFlags(CLI::App& app, TrainVerbOptions& options);

// CANCELLED when the training was stopped by a signal: what to do next is in the message.
absl::Status StatusOf(const TrainVerbReport& report);

void AddTrainCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
