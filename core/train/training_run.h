// One run of training: network, engine, optimiser and position together, and the loop over them.
// Internal to this room (includes LibTorch); callers use Train. Tests give their own engine here.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/model/autoencoder.h"
#include "core/model/engine.h"
#include "core/model/process_group.h"
#include "core/network/checkpoint.h"
#include "core/train/batches.h"
#include "core/train/best_weights.h"
#include "core/train/device_meter.h"
#include "core/train/meters.h"
#include "core/train/optimiser.h"
#include "core/train/schedule.h"
#include "core/train/trainer.h"

namespace peculiar {

using EngineFactory = std::function<absl::StatusOr<std::unique_ptr<Engine>>(Autoencoder&)>;

class TrainingRun {
 public:
  // Builds everything and goes on from the checkpoint in `model_folder`, if there is one. Errors as
  // Train. The references must outlive the run; `group` is null for one process.
  static absl::StatusOr<std::unique_ptr<TrainingRun>> Create(
      const Dataset& dataset, std::filesystem::path model_folder, const TrainOptions& options,
      const TrainCallbacks& callbacks, const EngineFactory& make_engine, ProcessGroup* group);

  // Trains until the epochs are done or should_stop. Call once.
  absl::StatusOr<TrainReport> Run();

 private:
  enum class Outcome { kDone, kStopped };

  TrainingRun(const Dataset& dataset, std::filesystem::path model_folder,
              const TrainOptions& options, const TrainCallbacks& callbacks, ProcessGroup* group,
              Schedule schedule, Split split);

  // LoadIfThere, together with the other processes: nobody reads what rank 0 is about to drop, or
  // writes what others have yet to read.
  absl::Status Start();
  // Returns the digest of the checkpoint's tensors, empty when there is none.
  absl::StatusOr<std::string> LoadIfThere();
  absl::StatusOr<Outcome> RunEpochs();
  // The rest of the epoch at position_, its test and its checkpoint.
  absl::StatusOr<Outcome> RunEpoch();
  // Early stopping, after an epoch: takes its weights when they are the best, and ends the run with
  // the best when patience is out or the epochs are.
  void KeepBest();
  // Of the next step.
  double LearningRate() const;
  // `cubes`: of the whole batch, of which `batch` is this process's part.
  absl::Status TakeStep(const CubeBatch& batch, std::size_t cubes);
  // Adds the figures of the test side to metrics_ as epoch `epoch`, `seconds` after it began.
  absl::StatusOr<Outcome> FinishEpoch(int epoch);
  absl::StatusOr<Outcome> Evaluate(LossMeter& meter);
  // Makes of the loss of this process's part, `part` of `whole` cubes, that of the whole, and of
  // the gradients of `parameters` too.
  absl::Status SumOverProcesses(std::size_t part, std::size_t whole,
                                const std::vector<torch::Tensor>& parameters, StepLoss& loss);
  absl::Status Save();
  bool SaveIsDue() const;

  absl::Status NotFinite(std::string_view what, const CubeBatch& batch) const;
  bool StopAskedHere() const { return callbacks_.should_stop && callbacks_.should_stop(); }
  // The same for all processes at the same place.
  bool StopAsked() const { return group_ == nullptr ? StopAskedHere() : stop_agreed_; }
  bool Writes() const { return part_.index == 0; }
  void TellStep(std::int64_t cubes) const;
  TrainReport MakeReport() const;

  const Dataset& dataset_;
  const std::filesystem::path folder_;
  const TrainOptions options_;
  const TrainCallbacks& callbacks_;
  ProcessGroup* const group_;  // null for one process
  const BatchPart part_;
  const Schedule schedule_;
  const Split split_;
  Autoencoder network_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<BatchSource> batches_;
  std::unique_ptr<Optimiser> optimiser_;
  std::unique_ptr<DeviceMeter> device_meter_;

  std::chrono::steady_clock::time_point last_save_ = std::chrono::steady_clock::now();
  CheckpointPosition position_;
  CheckpointPosition started_from_;
  EpochMeter meter_;  // of the epoch at position_
  std::vector<EpochMetrics> metrics_;
  BestWeights best_;          // with patience only
  bool finished_ = false;     // with patience only: the weights are the best and stay
  bool stop_agreed_ = false;  // by the last sum over the processes
};

// As Train, with an engine of the caller's.
absl::StatusOr<TrainReport> TrainWithEngine(const Dataset& dataset,
                                            const std::filesystem::path& model_folder,
                                            const TrainOptions& options,
                                            const TrainCallbacks& callbacks,
                                            const EngineFactory& make_engine,
                                            ProcessGroup* group = nullptr);

}  // namespace peculiar
