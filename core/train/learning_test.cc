// What training must achieve on a dataset with planted structure.

#include <gtest/gtest.h>

#include "core/train/trainer.h"
#include "tests/support/planted_dataset.h"
#include "tests/support/test_folder.h"

namespace peculiar {
namespace {

class LearningTest : public testing::Test {
 protected:
  TrainReport Learn(ModelKind kind, WavelengthCode code, double beta = 1) {
    TrainOptions options;
    options.network = *MakePreset("tiny", kind, 20, 16);
    options.network.wavelength_code = code;
    options.network.beta = beta;
    options.epochs = 12;
    options.batch = 8;
    options.optimiser = OptimiserKind::kAdam;
    options.learning_rate = 0.01;
    options.device = DeviceKind::kCpu;
    options.threads = 1;
    const auto folder =
        root_ / fmt::format("{}-{}-{}", ModelKindName(kind), static_cast<int>(code), beta);
    const absl::StatusOr<TrainReport> report = Train(dataset_, folder, options, {});
    EXPECT_TRUE(report.ok()) << report.status();
    const TrainReport result = report.ok() ? *report : TrainReport();
    fmt::print("test loss {:.4f} -> {:.4f}, KL {:.2f}\n", result.first.test_loss.value_or(-1),
               result.last.test_loss.value_or(-1), result.last.test_kl.value_or(-1));
    return result;
  }

  const std::filesystem::path root_ = TestFolder();
  Dataset dataset_ = *MakePlantedDataset(root_ / "dataset", {.galaxies = 40});
};

TEST_F(LearningTest, LossOfUnseenGalaxiesFallsByHalfForTheAe) {
  const TrainReport report = Learn(ModelKind::kAe, WavelengthCode::kLearned);
  EXPECT_LT(*report.last.test_loss, 0.5 * *report.first.test_loss);
}

TEST_F(LearningTest, LossFallsByHalfForTheVaeAndThePosteriorDoesNotCollapse) {
  const TrainReport report = Learn(ModelKind::kVae, WavelengthCode::kLearned);
  EXPECT_LT(*report.last.test_loss, 0.5 * *report.first.test_loss);
  EXPECT_GT(*report.last.test_kl, 1.0);
}

TEST_F(LearningTest, ALargeBetaCollapsesThePosterior) {
  EXPECT_LT(*Learn(ModelKind::kVae, WavelengthCode::kLearned, 5120).last.test_kl, 0.1);
}

}  // namespace
}  // namespace peculiar
