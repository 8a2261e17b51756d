#include "worker/train.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "core/network/checkpoint.h"
#include "tests/support/planted_dataset.h"
#include "tests/support/test_folder.h"
#include "worker/stop_signals.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

TEST(StopSignalsTest, AskedAfterEitherSignalAndForgottenAfterwards) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const StopSignals signals;
    EXPECT_FALSE(signals.asked());
    raise(signal);
    EXPECT_TRUE(signals.asked());
  }
}

TEST(StopSignalsDeathTest, ASecondSignalEndsTheProcess) {
  const auto twice = [] {
    const StopSignals signals;
    raise(SIGTERM);
    raise(SIGTERM);
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGTERM), "");
}

class TrainVerbTest : public testing::Test {
 protected:
  TrainVerbTest() {
    EXPECT_TRUE(Workspace::Create(root_).ok());
    EXPECT_TRUE(MakePlantedDataset(root_ / "dataset").ok());
  }
  TrainVerbOptions MakeOptions() const {
    TrainVerbOptions options;
    options.workspace = root_;
    options.network.preset = "tiny";
    options.training.epochs = 1;
    options.training.device = DeviceKind::kCpu;
    options.training.threads = 1;
    return options;
  }

  const std::filesystem::path root_ = TestFolder();
};

TEST_F(TrainVerbTest, TrainsIntoTheModelsFolderAndSaysWhenDone) {
  const TrainVerbOptions options = MakeOptions();
  absl::StatusOr<TrainVerbReport> report = RunTrain(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->model, "ae");
  EXPECT_EQ(report->training.epochs, 1);
  EXPECT_TRUE(StatusOf(*report).ok());
  EXPECT_TRUE(LoadCheckpoint(root_ / "models" / "ae").ok());
  report = RunTrain(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->training.already_trained);
}

TEST_F(TrainVerbTest, FreshStartsAgainWithOtherOptions) {
  TrainVerbOptions options = MakeOptions();
  ASSERT_TRUE(RunTrain(options).ok());
  options.learning_rate = 0.02;
  options.training.fresh = true;
  options.training.batch = -1;
  EXPECT_TRUE(absl::IsInvalidArgument(RunTrain(options).status()));
  EXPECT_TRUE(LoadCheckpoint(root_ / "models" / "ae").ok()) << "dropped for a bad option";
  options.training = MakeOptions().training;
  const absl::Status refused = RunTrain(options).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_NE(MessageOf(refused).find("--fresh"), std::string_view::npos);
  options.training.fresh = true;
  const absl::StatusOr<TrainVerbReport> report = RunTrain(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->training.already_trained);
  EXPECT_EQ(report->training.resumed_epoch, 0);
}

TEST_F(TrainVerbTest, AnUnknownWordIsRefusedWithTheKnownOnes) {
  CLI::App app;
  TrainVerbOptions options;
  AddTrainingFlags(app, options);
  try {
    app.parse("--optimiser sgd");
    FAIL() << "sgd was taken";
  } catch (const CLI::ValidationError& error) {
    EXPECT_NE(std::string(error.what()).find("'sgd' is not one of adagrad|adam"), std::string::npos)
        << error.what();
  }
}

TEST_F(TrainVerbTest, ChangesToThePresetReachTheNetwork) {
  TrainVerbOptions options = MakeOptions();
  options.model = "literal";
  options.network.wavelength_code = WavelengthCode::kNone;
  options.network.loss = ReconstructionLoss::kMse;
  options.network.cell_activation = CellActivation::kTanh;
  options.network.recurrent_activation = RecurrentActivation::kHardSigmoid;
  options.network.beta = 3;
  ASSERT_TRUE(RunTrain(options).ok());
  const absl::StatusOr<NetworkConfig> config = ReadConfig(root_ / "models" / "literal");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->wavelength_code, WavelengthCode::kNone);
  EXPECT_EQ(config->loss, ReconstructionLoss::kMse);
  EXPECT_EQ(config->cell_activation, CellActivation::kTanh);
  EXPECT_EQ(config->recurrent_activation, RecurrentActivation::kHardSigmoid);
  EXPECT_EQ(config->beta, 3);
  EXPECT_EQ(config->channels, 20);
}

TEST_F(TrainVerbTest, SignalEndsItWithACheckpointAndExitCode4) {
  TrainVerbOptions options = MakeOptions();
  options.training.epochs = 100000;
  std::atomic<bool> ended = false;
  std::thread terminator([&] {
    // The metrics of epoch 0 are written after the signals are caught.
    while (!ended && !std::filesystem::exists(root_ / "models" / "ae" / kMetricsName)) {
      std::this_thread::yield();
    }
    if (!ended) kill(getpid(), SIGTERM);
  });
  const absl::StatusOr<TrainVerbReport> report = RunTrain(options);
  ended = true;
  terminator.join();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->training.interrupted);
  const absl::Status status = StatusOf(*report);
  EXPECT_EQ(ExitCode(status), 4);
  EXPECT_NE(MessageOf(status).find("run the same command again"), std::string_view::npos);
  const absl::StatusOr<Checkpoint> checkpoint = LoadCheckpoint(root_ / "models" / "ae");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->position.total_steps, report->training.steps);
}

TEST_F(TrainVerbTest, TwoWorkersOnOneWorkspaceAreRefused) {
  const absl::StatusOr<Workspace> held = Workspace::Open(root_);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_TRUE(absl::IsFailedPrecondition(RunTrain(MakeOptions()).status()));
}

TEST_F(TrainVerbTest, NoDatasetIsNotFound) {
  std::filesystem::remove_all(root_ / "dataset");
  EXPECT_TRUE(absl::IsNotFound(RunTrain(MakeOptions()).status()));
}

TEST_F(TrainVerbTest, FlagsOfTheCommandLineReachTheOptions) {
  CLI::App app;
  TrainVerbOptions options;
  AddTrainingFlags(app, options);
  app.parse(
      "--preset paper --wavelength-code none --recurrent-activation sigmoid --cell-activation tanh "
      "--loss mse --beta 0.5 --epochs 7 --batch 3 --optimiser adam --learning-rate 0.02 "
      "--rate-schedule constant --patience 5 "
      "--clip-norm "
      "2 --seed 11 --copies 4 --keep-originals --noise-scale 0.3 --test-fraction 0.2 --device cpu "
      "--threads 2 --engine reference --checkpoint-minutes 1");
  EXPECT_EQ(options.network.preset, "paper");
  EXPECT_EQ(options.network.wavelength_code, WavelengthCode::kNone);
  EXPECT_EQ(options.network.recurrent_activation, RecurrentActivation::kSigmoid);
  EXPECT_EQ(options.network.cell_activation, CellActivation::kTanh);
  EXPECT_EQ(options.network.loss, ReconstructionLoss::kMse);
  EXPECT_EQ(options.network.beta, 0.5);
  EXPECT_EQ(options.training.epochs, 7);
  EXPECT_EQ(options.training.batch, 3);
  EXPECT_EQ(options.optimiser, OptimiserKind::kAdam);
  EXPECT_EQ(options.learning_rate, 0.02);
  EXPECT_EQ(options.rate_schedule, RateSchedule::kConstant);
  EXPECT_EQ(options.training.patience, 5);
  EXPECT_EQ(options.training.clip_norm, 2);
  EXPECT_EQ(options.training.seed, 11u);
  EXPECT_EQ(options.training.copies, 4);
  EXPECT_TRUE(options.training.keep_originals);
  EXPECT_EQ(options.training.augment.noise_scale, 0.3);
  EXPECT_EQ(options.training.test_fraction, 0.2);
  EXPECT_EQ(options.training.device, DeviceKind::kCpu);
  EXPECT_EQ(options.training.threads, 2);
  EXPECT_EQ(options.training.checkpoint_minutes, 1);
}

TEST_F(TrainVerbTest, AMemoryLimitIsForAGpu) {
  CLI::App app;
  TrainVerbOptions options = MakeOptions();
  AddTrainingFlags(app, options);
  app.parse("--memory-limit 50%");
  EXPECT_EQ(options.training.memory_limit, MemoryLimit{.share = 0.5});
  EXPECT_THROW(app.parse("--memory-limit 20"), CLI::ValidationError);
  const absl::Status refused = RunTrain(options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_NE(MessageOf(refused).find("the device is the CPU"), std::string_view::npos) << refused;
}

TEST_F(TrainVerbTest, ADeviceIsAKindOrOneOfTheGpus) {
  CLI::App app;
  TrainVerbOptions options;
  AddTrainingFlags(app, options);
  app.parse("--device cuda:3");
  EXPECT_EQ(options.training.device, Device(DeviceKind::kCuda, 3));
  EXPECT_THROW(app.parse("--device cuda:x"), CLI::ValidationError);
}

}  // namespace
}  // namespace peculiar::worker
