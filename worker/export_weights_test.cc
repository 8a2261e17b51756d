#include "worker/export_weights.h"

#include <gmock/gmock.h>

#include "core/network/parameters.h"
#include "core/weights/tensor_file.h"
#include "tests/support/saved_network.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

class ExportWeightsTest : public testing::Test {
 protected:
  void ExpectWeights(const NetworkConfig& config, std::uint64_t seed) {
    const auto file = TensorFile::Open(out_);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->tensors().size(), ParameterSpecs(config).size());
    for (const ParameterSpec& spec : ParameterSpecs(config)) {
      EXPECT_EQ(file->Find(spec.name)->shape, spec.shape);
      EXPECT_THAT(*file->Find<float>(spec.name),
                  testing::ElementsAreArray(InitialValues(spec, seed)));
    }
    EXPECT_EQ(*ConfigFromJson(*ParseJson(file->metadata().at("config"), "config")), config);
  }

  const std::filesystem::path root_ = TestFolder();
  const std::filesystem::path out_ = root_ / "weights.safetensors";
  const NetworkConfig config_ = *MakePreset("tiny", ModelKind::kVae, 5, 8);
};

TEST_F(ExportWeightsTest, WritesAModelsParametersWithoutTheOptimiser) {
  ASSERT_TRUE(Workspace::Create(root_).ok());
  const std::vector<float> state = {1, 2};
  const FirstWeights weights(config_, 3);
  std::vector<NamedTensor> tensors = weights.tensors();
  tensors.push_back(MakeNamedTensor("optimiser.x", {2}, std::span<const float>(state)));
  ASSERT_TRUE(SaveCheckpoint(root_ / "models" / "m", config_, {}, Json::object(), tensors).ok());
  const auto report = RunExportWeights({.out = out_, .workspace = root_, .model = "m"});
  ASSERT_TRUE(report.ok()) << report.status();
  ExpectWeights(config_, 3);
}

TEST_F(ExportWeightsTest, WritesTheFirstWeightsOfANewNetwork) {
  const auto report = RunExportWeights({.out = out_, .network = config_, .seed = 8});
  ASSERT_TRUE(report.ok()) << report.status();
  ExpectWeights(config_, 8);
}

TEST_F(ExportWeightsTest, FlagsThatDoNotGoTogetherAreRefused) {
  const auto run = [this](const std::string& flags) {
    CLI::App app;
    CommandResult result;
    AddExportWeightsCommand(app, result);
    app.parse("export-weights --out " + out_.string() + " " + flags);
    return result.status;
  };
  const std::string model = "--workspace " + root_.string() + " --model m ";
  for (const std::string& flags : {std::string(), model + "--kind ae", model + "--seed 2"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(run(flags))) << flags;
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(RunExportWeights({.out = out_, .workspace = root_}).status()));
  EXPECT_TRUE(run("--kind ae --preset tiny --channels 5 --size 8").ok());
}

TEST_F(ExportWeightsTest, AModelThatIsNotThereIsNotFound) {
  ASSERT_TRUE(Workspace::Create(root_).ok());
  const auto report = RunExportWeights({.out = out_, .workspace = root_, .model = "m"});
  EXPECT_TRUE(absl::IsNotFound(report.status()));
  EXPECT_FALSE(std::filesystem::exists(out_));
}

}  // namespace
}  // namespace peculiar::worker
