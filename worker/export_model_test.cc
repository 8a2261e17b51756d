#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/dataset/dataset.h"
#include "core/model/embedder.h"
#include "core/network/checkpoint.h"
#include "core/network/parameters.h"
#include "tests/support/small_survey.h"
#include "worker/export.h"
#include "worker/ingest.h"

namespace peculiar::worker {
namespace {

// An untrained tiny network for cubes of `channels` channels as model "ae" of the workspace.
NetworkConfig SaveModel(const std::filesystem::path& workspace, int channels) {
  const NetworkConfig config = *MakePreset("tiny", ModelKind::kAe, channels, 32);
  std::vector<std::vector<float>> values;
  std::vector<NamedTensor> tensors;
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    values.push_back(InitialValues(spec, 1));
    tensors.push_back(
        MakeNamedTensor(spec.name, spec.shape, std::span<const float>(values.back())));
  }
  std::filesystem::create_directories(workspace / "models" / "ae");
  const auto status =
      SaveCheckpoint(workspace / "models" / "ae", config, {}, Json::object(), tensors);
  EXPECT_TRUE(status.ok()) << status;
  return config;
}

class ExportModelTest : public testing::Test {
 protected:
  ExportModelTest() : work_(TestFolder() / "work"), survey_(work_.parent_path(), 1) {
    EXPECT_TRUE(RunIngest({.workspace = work_,
                           .survey = {.drpall = survey_.drpall()},
                           .cubes = survey_.cubes(),
                           .lines = survey_.lines()})
                    .ok());
  }

  ExportOptions Options() const {
    return {.workspace = work_,
            .plateifu = "8000-101",
            .prefix = (work_.parent_path() / "out").string(),
            .model = "ae"};
  }

  std::filesystem::path work_;
  SmallSurvey survey_;
};

TEST_F(ExportModelTest, WritesWhatTheModelMakesOfTheSample) {
  const NetworkConfig config = SaveModel(work_, 20);
  const auto report = RunExport(Options());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->files.size(), 5u);
  const auto dataset = Dataset::Open(work_ / "dataset");
  auto embedder = Embedder::Open(work_ / "models" / "ae");
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  const auto expected = embedder->EmbedAndReconstruct(dataset->sample(0).flux, 1);
  ASSERT_TRUE(expected.ok()) << expected.status();
  const auto payload = [&](int i) { return ReadFile(report->files[i])->substr(128); };
  const auto bytes = [](const std::vector<float>& values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  EXPECT_EQ(expected->latent.size(), static_cast<std::size_t>(config.latent));
  EXPECT_TRUE(payload(3) == bytes(expected->reconstruction));
  EXPECT_TRUE(payload(4) == bytes(expected->latent));
}

TEST_F(ExportModelTest, AModelThatDoesNotFitOrIsNotThereIsRefused) {
  const auto missing = RunExport(Options()).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound) << missing;
  SaveModel(work_, 30);
  const auto misfit = RunExport(Options()).status();
  EXPECT_EQ(misfit.code(), absl::StatusCode::kFailedPrecondition) << misfit;
  EXPECT_NE(MessageOf(misfit).find("30 channels of 32 x 32"), std::string_view::npos);
  ExportOptions options = Options();
  options.model = "../ae";
  EXPECT_EQ(RunExport(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar::worker
