#include "core/train/trainer.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <csignal>

#include "core/base/file.h"
#include "core/train/training_run.h"
#include "tests/support/planted_training.h"

namespace peculiar {
namespace {

// Few and small: 11 galaxies to train on, 22 copies, 6 steps an epoch.
TrainOptions MakeOptions(ModelKind kind = ModelKind::kVae) {
  TrainOptions options;
  options.network = *MakePreset("tiny", kind, 20, 16);
  options.epochs = 2;
  options.batch = 4;
  options.copies = 2;
  options.optimiser = OptimiserKind::kAdam;
  options.learning_rate = 0.01;
  options.device = DeviceKind::kCpu;
  options.threads = 1;
  return options;
}
constexpr std::int64_t kStepsAnEpoch = 6;

// A real engine whose Backward can be made to fail.
class FaultyEngine : public Engine {
 public:
  enum class Fault { kLoss, kGradient };

  FaultyEngine(std::unique_ptr<Engine> engine, Autoencoder& network, Fault fault, int bad_call)
      : engine_(std::move(engine)), network_(network), fault_(fault), calls_left_(bad_call) {}

  torch::Device device() const override { return engine_->device(); }
  absl::StatusOr<StepLoss> Backward(const Batch& batch) override {
    absl::StatusOr<StepLoss> loss = engine_->Backward(batch);
    if (calls_left_-- != 0) return loss;
    if (fault_ == Fault::kLoss) loss->total = NAN;
    if (fault_ == Fault::kGradient) network_.tensors()[0].mutable_grad().fill_(INFINITY);
    return loss;
  }
  absl::StatusOr<StepLoss> Evaluate(const Batch& batch) override {
    return engine_->Evaluate(batch);
  }
  absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                      const SliceVisitor<float>& visit) override {
    return engine_->Embed(cubes, visit);
  }

 private:
  std::unique_ptr<Engine> engine_;
  Autoencoder& network_;
  Fault fault_;
  int calls_left_;
};

class TrainerTest : public PlantedTrainingTest {
 protected:
  // Weights and optimiser state, every byte.
  std::string DigestOf(const std::string& model) { return MustLoad(model).sha256; }

  absl::Status TrainWithFault(const std::string& model, FaultyEngine::Fault fault, int bad_call) {
    return TrainWithEngine(dataset_, root_ / model, MakeOptions(), {},
                           [&](Autoencoder& network) {
                             absl::StatusOr<std::unique_ptr<Engine>> engine =
                                 MakeEngine(TrainOptions().engine, network,
                                            {.device = DeviceKind::kCpu, .threads = 1});
                             return std::make_unique<FaultyEngine>(*std::move(engine), network,
                                                                   fault, bad_call);
                           })
        .status();
  }
};

// Stops before the step that follows `steps` steps.
TrainCallbacks StopAfter(int steps, int& done) {
  return {.on_step = [&done](const TrainProgress&) { ++done; },
          .should_stop = [&done, steps] { return done >= steps; }};
}

TEST_F(TrainerTest, SameSeedGivesSameWeightsAndAnotherDoesNot) {
  TrainOptions options = MakeOptions();
  options.epochs = 1;
  MustTrain("a", options);
  MustTrain("b", options);
  EXPECT_EQ(DigestOf("a"), DigestOf("b"));
  options.seed = 2;
  MustTrain("c", options);
  EXPECT_NE(DigestOf("a"), DigestOf("c"));
}

TEST_F(TrainerTest, ReportAndMetricsTellWhatWasDone) {
  const TrainReport report = MustTrain("m", MakeOptions());
  EXPECT_FALSE(report.interrupted);
  EXPECT_EQ(report.epochs, 2);
  EXPECT_EQ(report.steps, 2 * kStepsAnEpoch);
  EXPECT_EQ(report.train_galaxies, 11u);
  EXPECT_EQ(report.test_galaxies, 1u);
  const auto metrics = ReadMetrics(root_ / "m" / kMetricsName);
  ASSERT_TRUE(metrics.ok());
  ASSERT_EQ(metrics->size(), 3u);
  EXPECT_FALSE((*metrics)[0].train_loss.has_value());
  EXPECT_EQ((*metrics)[2].step, 2 * kStepsAnEpoch);
  EXPECT_EQ((*metrics)[2].test_loss, report.last.test_loss);
  EXPECT_EQ((*metrics)[0].device, "cpu");
  EXPECT_EQ((*metrics)[2].device, "cpu");
  EXPECT_FALSE((*metrics)[2].driver || (*metrics)[2].gpu_memory_bytes);
  EXPECT_GT(*(*metrics)[2].train_kl, 0);
  EXPECT_GT(*(*metrics)[2].gradient_norm, 0);
}

TEST_F(TrainerTest, StoppedMidEpochAndResumedEqualsUnbroken) {
  for (const ModelKind kind : {ModelKind::kAe, ModelKind::kVae}) {
    const std::string name(ModelKindName(kind));
    MustTrain(name + "-whole", MakeOptions(kind));
    int done = 0;
    const TrainReport stopped =
        MustTrain(name, MakeOptions(kind), StopAfter(kStepsAnEpoch + 2, done));
    EXPECT_TRUE(stopped.interrupted);
    EXPECT_EQ(MustLoad(name).position, (CheckpointPosition{1, 2, kStepsAnEpoch + 2}));
    const TrainReport resumed = MustTrain(name, MakeOptions(kind));
    EXPECT_EQ(resumed.resumed_epoch, 1);
    EXPECT_EQ(resumed.resumed_step, 2u);
    EXPECT_EQ(DigestOf(name), DigestOf(name + "-whole"));
    const auto metrics = ReadMetrics(root_ / name / kMetricsName);
    const auto expected = ReadMetrics(root_ / (name + "-whole") / kMetricsName);
    ASSERT_EQ(metrics->size(), 3u);
    EXPECT_EQ(metrics->back().train_loss, expected->back().train_loss);
    EXPECT_EQ(metrics->back().test_loss, expected->back().test_loss);
    EXPECT_EQ(metrics->back().gradient_norm, expected->back().gradient_norm);
  }
}

TEST_F(TrainerTest, StoppedBeforeTheTestOfAnEpochGoesOnWithTheTest) {
  TrainOptions options = MakeOptions();
  MustTrain("whole", options);
  int done = 0;
  EXPECT_TRUE(MustTrain("m", options, StopAfter(kStepsAnEpoch, done)).interrupted);
  EXPECT_EQ(MustLoad("m").position, (CheckpointPosition{0, kStepsAnEpoch, kStepsAnEpoch}));
  MustTrain("m", options);
  EXPECT_EQ(DigestOf("m"), DigestOf("whole"));
  EXPECT_EQ(ReadMetrics(root_ / "m" / kMetricsName)->size(), 3u);
}

TEST_F(TrainerTest, KilledMidEpochAndResumedEqualsUnbroken) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto train_and_kill = [this] {
    int done = 0;
    TrainCallbacks callbacks;
    callbacks.on_step = [&done](const TrainProgress&) {
      if (++done == kStepsAnEpoch + 3) raise(SIGKILL);
    };
    MustTrain("m", MakeOptions(), callbacks);
  };
  EXPECT_EXIT(train_and_kill(), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EQ(MustLoad("m").position, (CheckpointPosition{1, 0, kStepsAnEpoch}));
  MustTrain("m", MakeOptions());
  MustTrain("whole", MakeOptions());
  EXPECT_EQ(DigestOf("m"), DigestOf("whole"));
}

TEST_F(TrainerTest, MoreEpochsGoOnFewerAreAlreadyDone) {
  TrainOptions options = MakeOptions();
  MustTrain("whole", options);
  options.epochs = 1;
  MustTrain("m", options);
  const std::string after_one = DigestOf("m");
  EXPECT_TRUE(MustTrain("m", options).already_trained);
  EXPECT_EQ(DigestOf("m"), after_one);
  options.epochs = 2;
  EXPECT_FALSE(MustTrain("m", options).already_trained);
  EXPECT_EQ(DigestOf("m"), DigestOf("whole"));
  options.epochs = 1;
  EXPECT_TRUE(MustTrain("m", options).already_trained);
}

// The engines share checkpoints and options: a run goes on with the other one, and the losses are
// the same but for rounding. Small steps: at larger ones the training itself amplifies rounding,
// and the reference with two threads differs from itself with one by as much.
TEST_F(TrainerTest, EnginesAreExchangeableMidRun) {
  TrainOptions options = MakeOptions(ModelKind::kAe);
  options.optimiser = OptimiserKind::kAdagrad;
  options.learning_rate = 0.001;
  MustTrain("fused", options);
  options.engine = "reference";
  MustTrain("reference", options);
  int done = 0;
  MustTrain("mixed", options, StopAfter(kStepsAnEpoch + 2, done));
  options.engine = "fused";
  EXPECT_EQ(MustTrain("mixed", options).engine, "fused");
  const auto fused = *ReadMetrics(root_ / "fused" / kMetricsName);
  for (const char* other : {"reference", "mixed"}) {
    const auto lines = *ReadMetrics(root_ / other / kMetricsName);
    ASSERT_EQ(lines.size(), fused.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_NEAR(*lines[i].test_loss, *fused[i].test_loss, 1e-3 * *fused[i].test_loss)
          << other << ", epoch " << i;
    }
  }
}

TEST_F(TrainerTest, PatienceEndsTheRunWhenTheTestLossStaysAndKeepsTheBest) {
  TrainOptions options = MakeOptions();
  options.learning_rate = 1e-30;  // moves no weight
  options.epochs = 9;
  options.patience = 2;
  const TrainReport report = MustTrain("m", options);
  EXPECT_TRUE(report.stopped_early);
  EXPECT_EQ(report.epochs, 3);
  EXPECT_EQ(report.last.epoch, 1);
  const TrainReport again = MustTrain("m", options);
  EXPECT_TRUE(again.already_trained);
  EXPECT_TRUE(again.stopped_early);
}

TEST_F(TrainerTest, WithPatienceTheLowestTestLossIsKeptAlsoAfterAStop) {
  TrainOptions options = MakeOptions(ModelKind::kAe);
  options.rate_schedule = RateSchedule::kConstant;
  options.learning_rate = 3;  // far too high: the losses jump
  options.clip_norm = 0;
  options.epochs = 5;
  options.patience = 5;
  const TrainReport whole = MustTrain("whole", options);
  const auto lines = *ReadMetrics(root_ / "whole" / kMetricsName);
  ASSERT_LT(whole.last.epoch, 5) << "the last epoch is the best: the test shows nothing";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_LE(*whole.last.test_loss, *lines[i].test_loss);
  }
  const Checkpoint checkpoint = MustLoad("whole");
  const std::string bias = "decoder.output.bias";
  EXPECT_EQ((*checkpoint.tensors.Find<float>(bias))[0],
            (*checkpoint.tensors.Find<float>("best." + bias))[0]);
  int done = 0;
  EXPECT_TRUE(MustTrain("m", options, StopAfter(2 * kStepsAnEpoch + 3, done)).interrupted);
  MustTrain("m", options);
  EXPECT_EQ(DigestOf("m"), DigestOf("whole"));
}

TEST_F(TrainerTest, CosineRatesAreInTheMetricsAndSurviveAStop) {
  TrainOptions options = MakeOptions(ModelKind::kAe);
  options.rate_schedule = RateSchedule::kCosine;
  MustTrain("whole", options);
  const auto lines = *ReadMetrics(root_ / "whole" / kMetricsName);
  EXPECT_DOUBLE_EQ(lines[1].learning_rate,
                   0.01 * RateFactor(RateSchedule::kCosine, kStepsAnEpoch, 2 * kStepsAnEpoch));
  int done = 0;
  MustTrain("m", options, StopAfter(kStepsAnEpoch + 2, done));
  MustTrain("m", options);
  EXPECT_EQ(DigestOf("m"), DigestOf("whole"));
}

TEST_F(TrainerTest, MetricsPastTheCheckpointAreDropped) {
  TrainOptions options = MakeOptions();
  options.epochs = 1;
  MustTrain("m", options);
  const auto path = root_ / "m" / kMetricsName;
  std::vector<EpochMetrics> lines = *ReadMetrics(path);
  lines.push_back({.epoch = 2, .train_loss = 123.0});
  ASSERT_TRUE(WriteMetrics(path, lines).ok());
  options.epochs = 2;
  MustTrain("m", options);
  lines = *ReadMetrics(path);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_LT(*lines[2].train_loss, 123);
}

TEST_F(TrainerTest, OtherOptionsAreRefusedByName) {
  TrainOptions options = MakeOptions();
  options.epochs = 1;
  MustTrain("m", options);
  const std::string before = DigestOf("m");
  options.learning_rate = 0.5;
  options.network.fc_width += 1;
  const absl::Status status = Train(dataset_, root_ / "m", options, {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(MessageOf(status).find("learning_rate is 0.5, the checkpoint has 0.01"),
            std::string_view::npos)
      << status;
  EXPECT_NE(MessageOf(status).find("network.fc_width"), std::string_view::npos);
  EXPECT_EQ(DigestOf("m"), before);
}

TEST_F(TrainerTest, AnotherDatasetIsRefused) {
  TrainOptions options = MakeOptions();
  options.epochs = 1;
  MustTrain("m", options);
  const absl::StatusOr<Dataset> other =
      MakePlantedDataset(root_ / "other", {.galaxies = 12, .seed = 2});
  ASSERT_TRUE(other.ok());
  const absl::Status status = Train(*other, root_ / "m", options, {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(MessageOf(status).find("dataset"), std::string_view::npos) << status;
}

TEST_F(TrainerTest, NonFiniteLossStopsAndKeepsTheLastCheckpoint) {
  TrainOptions options = MakeOptions();
  options.epochs = 1;
  MustTrain("whole", options);
  const absl::Status status =
      TrainWithFault("m", FaultyEngine::Fault::kLoss, /*bad_call=*/kStepsAnEpoch + 2);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_NE(MessageOf(status).find("non-finite loss at epoch 2 step 3 (galaxies 10"),
            std::string_view::npos)
      << status;
  EXPECT_EQ(DigestOf("m"), DigestOf("whole"));
  EXPECT_EQ(MustLoad("m").position, (CheckpointPosition{1, 0, kStepsAnEpoch}));
}

TEST_F(TrainerTest, NonFiniteGradientStopsToo) {
  const absl::Status status =
      TrainWithFault("m", FaultyEngine::Fault::kGradient, /*bad_call=*/kStepsAnEpoch);
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_NE(MessageOf(status).find("non-finite gradient at epoch 2 step 1"), std::string_view::npos)
      << status;
  const Checkpoint checkpoint = MustLoad("m");
  for (const NamedTensor& tensor : checkpoint.tensors.tensors()) {
    ASSERT_EQ(tensor.dtype, DType::kF32);
    const auto* values = reinterpret_cast<const float*>(tensor.bytes.data());
    for (std::size_t i = 0; i < tensor.bytes.size() / sizeof(float); ++i) {
      ASSERT_TRUE(std::isfinite(values[i])) << tensor.name;
    }
  }
}

TEST_F(TrainerTest, BrokenCheckpointIsRefusedNotStartedOver) {
  TrainOptions options = MakeOptions();
  options.epochs = 1;
  MustTrain("m", options);
  const auto path = root_ / "m" / CheckpointTensorFileName(MustLoad("m").position);
  std::string content = *ReadFile(path);
  content[content.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  EXPECT_TRUE(absl::IsDataLoss(Train(dataset_, root_ / "m", options, {}).status()));
}

}  // namespace
}  // namespace peculiar
