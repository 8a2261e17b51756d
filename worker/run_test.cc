#include "worker/run.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/small_survey.h"

namespace peculiar::worker {
namespace {

class RunTest : public testing::Test {
 protected:
  RunVerbOptions MakeOptions() const {
    RunVerbOptions options;
    options.workspace = folder_ / "work";
    options.ingest.survey.drpall = survey_.drpall();
    options.ingest.cubes = survey_.cubes();
    options.ingest.lines = survey_.lines();
    options.train.network.preset = "tiny";
    options.train.training.epochs = 1;
    options.train.training.copies = 1;
    options.train.training.threads = 1;
    options.train.training.device = DeviceKind::kCpu;
    return options;
  }

  const std::filesystem::path folder_ = TestFolder();
  const SmallSurvey survey_{folder_, 4};
};

TEST_F(RunTest, GoesFromCubesToASnapshotAndDoesNothingTwice) {
  const absl::StatusOr<RunVerbReport> first = RunAll(MakeOptions());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->ingest.build.cubes_read, 4u);
  ASSERT_EQ(first->training.size(), 2u);
  EXPECT_EQ(first->training[1].model, "vae");
  EXPECT_EQ(first->publishing.models, (std::vector<std::string>{"ae", "vae"}));
  EXPECT_EQ(first->publishing.galaxies, 4u);

  const absl::StatusOr<RunVerbReport> second = RunAll(MakeOptions());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->ingest.build.cubes_read, 0u);
  EXPECT_TRUE(second->training[0].training.already_trained);
  EXPECT_EQ(second->embedding.models[1].rows_kept, 4u);
  EXPECT_TRUE(second->publishing.unchanged);
  EXPECT_EQ(second->publishing.id, first->publishing.id);
}

TEST_F(RunTest, ErrorsSayWhichStage) {
  RunVerbOptions options = MakeOptions();
  options.train.learning_rate = -1;
  const absl::Status status = RunAll(options).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(MessageOf(status).find("train: learning rate is -1"), 0u) << status;
}

TEST_F(RunTest, RefusesNoModelAndAModelTwice) {
  RunVerbOptions options = MakeOptions();
  options.models = {};
  EXPECT_TRUE(absl::IsInvalidArgument(RunAll(options).status()));
  options.models = {ModelKind::kAe, ModelKind::kAe};
  EXPECT_TRUE(absl::IsInvalidArgument(RunAll(options).status()));
}

}  // namespace
}  // namespace peculiar::worker
