// For tests that train: a fixture with the planted dataset and a folder for models, both emptied
// for each test. Trains in this process alone; a test that wants more ranks begins them itself.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/network/checkpoint.h"
#include "core/train/trainer.h"
#include "tests/support/planted_dataset.h"
#include "tests/support/test_folder.h"

namespace peculiar {

class PlantedTrainingTest : public ::testing::Test {
 protected:
  // Trains in `model`; the run must succeed.
  TrainReport MustTrain(const std::string& model, const TrainOptions& options,
                        const TrainCallbacks& callbacks = {}) {
    const absl::StatusOr<TrainReport> report = Train(dataset_, root_ / model, options, callbacks);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : TrainReport();
  }
  Checkpoint MustLoad(const std::string& model) {
    absl::StatusOr<Checkpoint> checkpoint = LoadCheckpoint(root_ / model);
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    return *std::move(checkpoint);
  }

  // A death test's child, which runs the test again, empties and refills the same folder.
  const std::filesystem::path root_ = TestFolder();
  Dataset dataset_ = *MakePlantedDataset(root_ / "dataset");
};

}  // namespace peculiar
