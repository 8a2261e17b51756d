// Training by several processes, which are threads here: tests/integration has real ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <barrier>
#include <cmath>
#include <thread>

#include "core/model/process_group.h"
#include "core/network/parameters.h"
#include "tests/support/listening_port.h"
#include "tests/support/planted_training.h"
#include "tests/support/ranks_as_threads.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

// 11 galaxies to train on, 22 copies: batches of 12 and 10. What amplifies rounding, whatever it
// comes from, is left out: the absolute error, where the last bit of a residual near zero turns a
// voxel's gradient over; large steps; and Adam, whose first are as long as the rate however small a
// gradient is.
TrainOptions MakeOptions(ModelKind kind = ModelKind::kVae) {
  TrainOptions options;
  options.network = *MakePreset("tiny", kind, 20, 16);
  options.network.loss = ReconstructionLoss::kMse;
  options.epochs = 2;
  options.batch = 12;
  options.copies = 2;
  options.learning_rate = 0.0001;
  options.device = DeviceKind::kCpu;
  options.threads = 1;
  return options;
}

class SharedTrainingTest : public PlantedTrainingTest {
 protected:
  using Reports = std::vector<absl::StatusOr<TrainReport>>;

  // Trains in `model` with a rank for each of `options` and `callbacks`.
  Reports TrainTogether(const std::string& model, const std::vector<TrainOptions>& options,
                        const std::vector<TrainCallbacks>& callbacks) {
    const int size = static_cast<int>(options.size());
    const std::uint16_t port = FreePort();
    Reports reports(options.size(), absl::UnknownError("not run"));
    std::barrier joined(size);  // rank 0 must not go before the others have come
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        const auto group = ProcessGroup::Join({.rank = rank,
                                               .size = size,
                                               .address = "127.0.0.1",
                                               .port = port,
                                               .timeout = std::chrono::seconds(30)});
        joined.arrive_and_wait();
        ASSERT_TRUE(group.ok()) << group.status();
        reports[rank] =
            Train(dataset_, root_ / model, options[rank], callbacks[rank], group->get());
      });
    }
    for (std::thread& thread : threads) thread.join();
    return reports;
  }
  Reports TrainTogether(const std::string& model, const TrainOptions& options, int size) {
    return TrainTogether(model, std::vector(size, options), std::vector<TrainCallbacks>(size));
  }
  void MustTrainTogether(const std::string& model, const TrainOptions& options, int size) {
    for (const auto& report : TrainTogether(model, options, size)) {
      ASSERT_TRUE(report.ok()) << report.status();
      EXPECT_EQ(report->processes, size);
    }
  }
  // Largest difference of any weight.
  double Distance(const std::string& a, const std::string& b) {
    const Checkpoint left = MustLoad(a), right = MustLoad(b);
    EXPECT_EQ(left.position, right.position);
    double distance = 0;
    for (const ParameterSpec& parameter : ParameterSpecs(left.config)) {
      const auto x = *left.tensors.Find<float>(parameter.name);
      const auto y = *right.tensors.Find<float>(parameter.name);
      for (std::size_t i = 0; i < x.size(); ++i) {
        distance = std::max(distance, static_cast<double>(std::abs(x[i] - y[i])));
      }
    }
    return distance;
  }
};

TEST_F(SharedTrainingTest, TwoProcessesMakeTheWeightsOfOne) {
  for (const ModelKind kind : {ModelKind::kAe, ModelKind::kVae}) {
    for (const char* engine : {"fused", "reference"}) {
      TrainOptions options = MakeOptions(kind);
      options.engine = engine;
      const std::string name = fmt::format("{}-{}", ModelKindName(kind), engine);
      MustTrain(name, options);
      MustTrainTogether(name + "-2", options, 2);
      EXPECT_LT(Distance(name, name + "-2"), 1e-5) << name;
      const auto one = *ReadMetrics(root_ / name / kMetricsName);
      const auto two = *ReadMetrics(root_ / (name + "-2") / kMetricsName);
      ASSERT_EQ(two.size(), one.size());
      for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_NEAR(*two[i].test_loss, *one[i].test_loss, 1e-5) << name;
        if (i == 0) continue;
        EXPECT_NEAR(*two[i].train_loss, *one[i].train_loss, 1e-5) << name;
        // Where weights differ in their last bits, gradients do in more.
        EXPECT_NEAR(*two[i].gradient_norm, *one[i].gradient_norm, 1e-3 * *one[i].gradient_norm);
      }
    }
  }
}

// The last batch of 2 leaves none for one of three ranks, the test of 1 galaxy none for two.
TEST_F(SharedTrainingTest, ProcessesWithoutAPartOfABatchGoAlong) {
  TrainOptions options = MakeOptions(ModelKind::kAe);
  options.batch = 9;
  options.copies = 1;  // 11: 9 and 2
  MustTrain("one", options);
  MustTrainTogether("three", options, 3);
  EXPECT_LT(Distance("one", "three"), 1e-5);
}

TEST_F(SharedTrainingTest, TheSameNumberOfProcessesGivesTheSameBits) {
  MustTrainTogether("a", MakeOptions(), 3);
  MustTrainTogether("b", MakeOptions(), 3);
  EXPECT_EQ(MustLoad("a").sha256, MustLoad("b").sha256);
}

TEST_F(SharedTrainingTest, AStopOfOneStopsAllAndAnotherNumberGoesOn) {
  TrainOptions options = MakeOptions();
  options.batch = 6;  // 4 steps an epoch
  MustTrain("whole", options);
  int steps = 0;
  std::vector<TrainCallbacks> callbacks(2);
  callbacks[1].on_step = [&](const TrainProgress&) { ++steps; };
  callbacks[1].should_stop = [&] { return steps == 1; };
  for (const auto& report : TrainTogether("m", std::vector(2, options), callbacks)) {
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->interrupted);
    EXPECT_EQ(report->steps, 2);  // the others hear of it in the step after
  }
  EXPECT_EQ(MustLoad("m").position, (CheckpointPosition{0, 2, 2}));
  EXPECT_EQ(MustTrain("m", options).resumed_step, 2u);
  EXPECT_LT(Distance("whole", "m"), 1e-5);
}

TEST_F(SharedTrainingTest, FreshDropsWhatWasThere) {
  TrainOptions options = MakeOptions();
  MustTrain("m", options);
  options.learning_rate = 0.0002;
  options.fresh = true;
  MustTrainTogether("m", options, 2);
  MustTrain("other", options);
  EXPECT_LT(Distance("m", "other"), 1e-5);
}

TEST_F(SharedTrainingTest, AProcessWithOtherOptionsIsRefusedByName) {
  std::vector<TrainOptions> options(2, MakeOptions());
  options[1].learning_rate = 0.5;
  options[1].epochs = 3;
  const Reports reports = TrainTogether("m", options, std::vector<TrainCallbacks>(2));
  EXPECT_TRUE(absl::IsUnavailable(reports[0].status())) << reports[0].status();
  EXPECT_TRUE(absl::IsFailedPrecondition(reports[1].status())) << reports[1].status();
  EXPECT_THAT(std::string(reports[1].status().message()),
              HasSubstr("rank 1 of 2 was not started as rank 0: epochs is 3, rank 0 has 2; "
                        "learning_rate is 0.5, rank 0 has 0.0001"));
}

TEST_F(SharedTrainingTest, ABatchThatTheProcessesDoNotDivideIsRefused) {
  TrainOptions options = MakeOptions();
  options.batch = 13;
  for (const auto& report : TrainTogether("m", options, 2)) {
    EXPECT_TRUE(absl::IsInvalidArgument(report.status()));
    EXPECT_THAT(std::string(report.status().message()),
                HasSubstr("batch is 13 over 2 processes (WORLD_SIZE), expected a multiple of 2"));
  }
}

}  // namespace
}  // namespace peculiar
