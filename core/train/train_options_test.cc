#include "core/train/train_options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace peculiar {
namespace {

TrainOptions MakeOptions(ModelKind kind = ModelKind::kAe) {
  TrainOptions options;
  options.network = *MakePreset("tiny", kind, 20, 16);
  return options;
}

TEST(TrainOptionsTest, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(ValidateTrainOptions(MakeOptions(), 20, 16).ok());
  const std::function<void(TrainOptions&)> mistakes[] = {
      [](TrainOptions& o) { o.epochs = 0; },
      [](TrainOptions& o) { o.batch = 0; },
      [](TrainOptions& o) { o.learning_rate = 0; },
      [](TrainOptions& o) { o.learning_rate = NAN; },
      [](TrainOptions& o) { o.clip_norm = -1; },
      [](TrainOptions& o) { o.copies = -1; },
      [](TrainOptions& o) { o.test_fraction = 1; },
      [](TrainOptions& o) { o.augment.noise_scale = INFINITY; },
      [](TrainOptions& o) { o.augment.max_shift = 16; },
      [](TrainOptions& o) { o.checkpoint_minutes = -1; },
      [](TrainOptions& o) { o.seed = std::numeric_limits<std::uint64_t>::max(); },
  };
  for (std::size_t i = 0; i < std::size(mistakes); ++i) {
    TrainOptions options = MakeOptions();
    mistakes[i](options);
    EXPECT_TRUE(absl::IsInvalidArgument(ValidateTrainOptions(options, 20, 16))) << i;
  }
}

TEST(TrainOptionsTest, RefusesANetworkOfAnotherShape) {
  const absl::Status status = ValidateTrainOptions(MakeOptions(), 190, 32);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_NE(MessageOf(status).find("190 of 32 x 32"), std::string_view::npos) << status;
}

TEST(TrainOptionsTest, ClipThresholdFollowsTheUnitsOfTheLoss) {
  TrainOptions ae = MakeOptions(), vae = MakeOptions(ModelKind::kVae);
  ae.clip_norm = vae.clip_norm = 0.5;
  EXPECT_DOUBLE_EQ(ClipThreshold(ae), 0.5);
  EXPECT_DOUBLE_EQ(ClipThreshold(vae), 0.5 * 20 * 16 * 16);
  ae.clip_norm = 0;
  EXPECT_EQ(ClipThreshold(ae), std::numeric_limits<double>::infinity());
}

TEST(TrainOptionsTest, IdentitySurvivesJsonAndLeavesOutHowAndHowLong) {
  TrainOptions options = MakeOptions();
  options.learning_rate = 0.1 + 0.2;
  const absl::StatusOr<Json> saved = ParseJson(IdentityOf(options).dump(), "identity");
  ASSERT_TRUE(saved.ok());
  options.epochs = 99;
  options.threads = 7;
  options.device = DeviceKind::kCpu;
  EXPECT_TRUE(CheckSameIdentity(IdentityOf(options), *saved).ok());
}

TEST(TrainOptionsTest, EpochsBelongToTheIdentityWhenTheResultDependsOnThem) {
  for (const auto change : std::vector<void (*)(TrainOptions&)>{
           [](TrainOptions& o) { o.rate_schedule = RateSchedule::kCosine; },
           [](TrainOptions& o) { o.patience = 3; }}) {
    TrainOptions options = MakeOptions();
    change(options);
    const Json saved = IdentityOf(options);
    options.epochs += 1;
    EXPECT_TRUE(absl::IsFailedPrecondition(CheckSameIdentity(IdentityOf(options), saved)));
  }
}

TEST(TrainOptionsTest, PaperTrainsAsThePaper) {
  const StepRule paper = PresetStepRule("paper");
  EXPECT_EQ(paper.optimiser, OptimiserKind::kAdagrad);
  EXPECT_EQ(paper.learning_rate, 0.001);
  EXPECT_EQ(paper.rate_schedule, RateSchedule::kConstant);
  EXPECT_EQ(TrainOptions().epochs, 30);
  EXPECT_EQ(PresetStepRule("small").rate_schedule, RateSchedule::kCosine);
}

TEST(TrainOptionsTest, EveryDifferenceIsNamedWithBothValues) {
  const TrainOptions saved = MakeOptions();
  TrainOptions asked = saved;
  asked.batch = 8;
  asked.network.beta = 2;
  const absl::Status status = CheckSameIdentity(IdentityOf(asked), IdentityOf(saved));
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(MessageOf(status),
            "batch is 8, the checkpoint has 16; network.beta is 2.0, the checkpoint has 1.0");
}

}  // namespace
}  // namespace peculiar
