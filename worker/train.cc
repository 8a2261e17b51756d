#include "worker/train.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/cuda/gpus.h"
#include "core/train/benchmark.h"
#include "worker/choice.h"
#include "worker/process_place.h"
#include "worker/progress.h"
#include "worker/stop_signals.h"
#include "worker/survey_tables.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

constexpr char kProcessesHelp[] =
    "Several processes train one network together when each has RANK, WORLD_SIZE, MASTER_ADDR and "
    "MASTER_PORT in its environment, as torchrun sets them, and sees the same workspace: each "
    "takes "
    "its part of every batch, and rank 0 writes and prints.";

TrainOptions MakeTraining(const TrainVerbOptions& options) {
  const StepRule preset = PresetStepRule(options.network.preset);
  TrainOptions training = options.training;
  training.optimiser = options.optimiser.value_or(preset.optimiser);
  training.learning_rate = options.learning_rate.value_or(preset.learning_rate);
  training.rate_schedule = options.rate_schedule.value_or(preset.rate_schedule);
  return training;
}

std::string Number(const std::optional<double>& value) {
  return value ? fmt::format("{:.5g}", *value) : "-";
}

// Shows TrainProgress as a progress line of cubes.
class TrainingLine {
 public:
  TrainingLine(std::string model, ModelKind kind) : label_("train " + model), kind_(kind) {}

  void Show(const TrainProgress& now) {
    if (!line_) {
      // The first report is of one step: what was done before it was done by an earlier run.
      line_ = std::make_unique<Progress>(label_, now.cubes_total, "cubes");
      line_->Skip(now.cubes_done - now.step_cubes);
    }
    std::string detail =
        fmt::format("epoch {}/{} step {}/{} loss {:.5g} test {}", now.epoch, now.epochs, now.step,
                    now.steps, now.train_loss, Number(now.test_loss));
    if (kind_ == ModelKind::kVae) detail += fmt::format(" KL {:.4g}", now.train_kl);
    line_->Advance(now.step_cubes, detail);
  }

 private:
  std::string label_;
  ModelKind kind_;
  std::unique_ptr<Progress> line_;
};

void PrintTable(const TrainVerbReport& report) {
  const TrainReport& training = report.training;
  const auto row = [](std::string_view name, const std::string& value) {
    fmt::print("{:<16} {}\n", name, value);
  };
  row("model", report.model);
  row("engine", fmt::format("{} on {}", training.engine, training.device));
  if (training.processes > 1) row("processes", fmt::format("{}", training.processes));
  row("parameters", fmt::format("{}", training.parameters));
  row("galaxies",
      fmt::format("{} train, {} test", training.train_galaxies, training.test_galaxies));
  row("epochs", fmt::format("{} ({} steps)", training.epochs, training.steps));
  row("test loss", fmt::format("{} before training, {} now", Number(training.first.test_loss),
                               Number(training.last.test_loss)));
  row("train loss", Number(training.last.train_loss));
  row("KL", fmt::format("{} nats", Number(training.last.test_kl)));
  if (training.stopped_early) {
    fmt::print("stopped early: kept the weights of epoch {}\n", training.last.epoch);
  }
  if (training.already_trained) fmt::print("nothing to do: all epochs were done before\n");
}

void AddScheduleFlags(CLI::App& app, TrainVerbOptions& options) {
  TrainOptions& training = options.training;
  app.add_option("--epochs", training.epochs, "passes over the copies")->capture_default_str();
  app.add_option("--batch", training.batch, "cubes a step, over all processes")
      ->capture_default_str();
  AddChoice(app, "--optimiser", options.optimiser, {OptimiserKind::kAdagrad, OptimiserKind::kAdam},
            OptimiserName, "default: adam; preset paper: adagrad");
  app.add_option("--learning-rate", options.learning_rate, "default: 0.01; preset paper: 0.001");
  AddChoice(app, "--rate-schedule", options.rate_schedule,
            {RateSchedule::kConstant, RateSchedule::kCosine}, RateScheduleName,
            "cosine: warms up, then falls to a hundredth; default: cosine; preset paper: constant");
  app.add_option("--patience", training.patience,
                 "epochs without a lower test loss (of the reconstruction) that end the training, "
                 "which then keeps the "
                 "weights of the best epoch; 0 = off")
      ->capture_default_str();
  app.add_option("--clip-norm", training.clip_norm,
                 "longest gradient, for the loss per voxel; 0 = no clipping")
      ->capture_default_str();
  app.add_option("--seed", training.seed, "of weights, split, order, augmentation and noise")
      ->capture_default_str();
  app.add_option("--copies", training.copies, "augmented copies a galaxy")->capture_default_str();
  app.add_flag("--keep-originals", training.keep_originals, "train on the unchanged cubes too");
  app.add_option("--noise-scale", training.augment.noise_scale,
                 "noise of the copies, in units of the cube's own")
      ->capture_default_str();
  app.add_option("--test-fraction", training.test_fraction,
                 "galaxies kept for the test loss; at least one")
      ->capture_default_str();
}

void AddMachineFlags(CLI::App& app, TrainOptions& training) {
  AddDeviceFlag(app, training.device);
  AddMemoryLimitFlag(app, training.memory_limit);
  app.add_option("--threads", training.threads, "0 = all cores")->capture_default_str();
  app.add_option("--engine", training.engine,
                 "fused: the CPU; scan: LibTorch, on a GPU; reference: LibTorch, slowest")
      ->capture_default_str();
  AddPrecisionFlag(app, training.precision);
  app.add_flag("--tune", training.tune,
               "on a GPU, try cuDNN's kernels before choosing: faster, but two runs may differ in "
               "their last bits");
  app.add_option("--checkpoint-minutes", training.checkpoint_minutes,
                 "longest time between checkpoints; 0 = only at the end of epochs")
      ->capture_default_str();
}

// Null for one process.
absl::StatusOr<std::unique_ptr<ProcessGroup>> JoinOthers(const TrainVerbOptions& options) {
  if (!options.place) return nullptr;
  PECULIAR_RETURN_IF_ERROR(CheckBatchDivides(options.training.batch, options.place->size));
  return ProcessGroup::Join(*options.place);
}

// Takes this process's place, its share of the cores and its GPU from the environment.
absl::Status ReadEnvironment(double timeout_seconds, TrainVerbOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(options.place, ReadProcessPlace(std::getenv));
  if (!options.place) return absl::OkStatus();
  options.place->timeout = std::chrono::milliseconds(std::llround(timeout_seconds * 1000));
  if (options.training.threads == 0) {
    PECULIAR_ASSIGN_OR_RETURN(options.training.threads, ReadThreads(std::getenv));
  }
  Device& device = options.training.device;
  const bool may_use_gpu = options.training.engine != "fused" && device.kind != DeviceKind::kCpu;
  if (may_use_gpu) {
    PECULIAR_ASSIGN_OR_RETURN(device, ReadGpu(std::getenv, device, CountGpus()));
  }
  return absl::OkStatus();
}

// On cubes of the survey's shape: 19 lines of 10 channels, 32 x 32 spaxels.
absl::Status PrintBenchmark(const TrainVerbOptions& options, int steps) {
  constexpr int kChannels = 190, kSize = 32;
  TrainOptions training = MakeTraining(options);
  PECULIAR_ASSIGN_OR_RETURN(training.network, MakeNetworkConfig(options.network, kChannels, kSize));
  PECULIAR_ASSIGN_OR_RETURN(const StepBenchmark benchmark, BenchmarkSteps(training, steps));
  fmt::print("{}\n", peculiar::ToJson(benchmark).dump());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrainVerbReport> RunTrain(const TrainVerbOptions& options) {
  TrainVerbReport report;
  report.model =
      options.model.empty() ? std::string(ModelKindName(options.network.kind)) : options.model;
  // Before anything that may fail for one process alone: the others then see it leave.
  PECULIAR_ASSIGN_OR_RETURN(const std::unique_ptr<ProcessGroup> group, JoinOthers(options));
  const bool first = group == nullptr || group->rank() == 0;
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace,
                            Workspace::Open(options.workspace, first ? WorkspaceAccess::kModels
                                                                     : WorkspaceAccess::kRead));
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path folder,
                            workspace.ModelFolder(report.model));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset,
                            Dataset::Open(workspace.dataset_folder(), ShardCheck::kVerify));
  std::optional<FileLock> lock;
  if (first) {
    PECULIAR_ASSIGN_OR_RETURN(lock, workspace.LockModel(report.model, LockMode::kAlone));
  }
  TrainOptions training = MakeTraining(options);
  PECULIAR_ASSIGN_OR_RETURN(training.network, MakeNetworkConfig(options.network, dataset.channels(),
                                                                dataset.crop_size()));
  const StopSignals signals;
  TrainingLine line(report.model, options.network.kind);
  TrainCallbacks callbacks;
  if (first) callbacks.on_step = [&](const TrainProgress& progress) { line.Show(progress); };
  callbacks.should_stop = [&] { return signals.asked(); };
  PECULIAR_ASSIGN_OR_RETURN(report.training,
                            Train(dataset, folder, training, callbacks, group.get()));
  return report;
}

Json ToJson(const TrainVerbReport& report) {
  const TrainReport& training = report.training;
  return {{"model", report.model},
          {"engine", training.engine},
          {"device", training.device},
          {"processes", training.processes},
          {"interrupted", training.interrupted},
          {"already_trained", training.already_trained},
          {"stopped_early", training.stopped_early},
          {"resumed_epoch", training.resumed_epoch},
          {"resumed_step", training.resumed_step},
          {"epochs", training.epochs},
          {"steps", training.steps},
          {"train_galaxies", training.train_galaxies},
          {"test_galaxies", training.test_galaxies},
          {"parameters", training.parameters},
          {"first", peculiar::ToJson(training.first)},
          {"last", peculiar::ToJson(training.last)}};
}

absl::Status StatusOf(const TrainVerbReport& report) {
  if (!report.training.interrupted) return absl::OkStatus();
  return MakeStatus(
      absl::StatusCode::kCancelled,
      fmt::format("training of {} was interrupted after {} epochs ({} steps) and is saved; run the "
                  "same command again, without --fresh, to go on",
                  report.model, report.training.epochs, report.training.steps));
}

void AddTrainingFlags(CLI::App& app, TrainVerbOptions& options) {
  app.add_flag("--fresh", options.training.fresh,
               "drop the model's training so far and start again");
  AddNetworkFlags(app, options.network);
  AddScheduleFlags(app, options);
  AddMachineFlags(app, options.training);
}

namespace {

// Of several processes rank 0 prints.
absl::Status TrainAndPrint(TrainVerbOptions options, double rank_timeout, std::string_view output) {
  PECULIAR_RETURN_IF_ERROR(ReadEnvironment(rank_timeout, options));
  PECULIAR_ASSIGN_OR_RETURN(const TrainVerbReport report, RunTrain(options));
  if (options.place && options.place->rank > 0) return StatusOf(report);
  if (output == "json") {
    fmt::print("{}\n", ToJson(report).dump(2));
  } else {
    PrintTable(report);
  }
  return StatusOf(report);
}

}  // namespace

void AddTrainCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    TrainVerbOptions options;
    std::string output = "table";
    int benchmark_steps = 0;
    double rank_timeout = std::chrono::duration<double>(kDefaultRankTimeout).count();  // seconds
  };
  CLI::App* verb = app.add_subcommand("train", "Train a network on the dataset, or go on with it");
  verb->footer(kProcessesHelp);
  const auto flags = std::make_shared<Flags>();
  CLI::Option* workspace =
      verb->add_option("--workspace", flags->options.workspace, "the workspace; needed to train");
  CLI::Option* benchmark = verb->add_option(
      "--benchmark", flags->benchmark_steps,
      "time so many steps on generated cubes instead, and print one line of JSON last");
  benchmark->excludes(workspace);
  verb->add_option("--model", flags->options.model, "name of the model; default: its kind");
  AddKindFlag(*verb, "--kind", flags->options.network.kind, "autoencoder or variational")
      ->required();
  AddTrainingFlags(*verb, flags->options);
  verb->add_option(
          "--rank-timeout", flags->rank_timeout,
          "seconds that one of several processes waits for the others, to join and in a step")
      ->check(CLI::Range(1.0, 86400.0))
      ->capture_default_str();
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, workspace, benchmark, &result] {
    if (!benchmark->empty()) {
      result.status = PrintBenchmark(flags->options, flags->benchmark_steps);
    } else if (workspace->empty()) {
      result.status = InvalidArgument("train needs --workspace, or --benchmark");
    } else {
      result.status = TrainAndPrint(flags->options, flags->rank_timeout, flags->output);
    }
  });
}

}  // namespace peculiar::worker
