#include "core/network/checkpoint.h"

#include <gmock/gmock.h>

#include "core/base/file.h"
#include "tests/support/saved_network.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

class CheckpointTest : public testing::Test {
 protected:
  std::filesystem::path folder_ = FreshTestFolder();
  NetworkConfig config_ = *MakePreset("tiny", ModelKind::kVae, 5, 8);
  FirstWeights weights_{config_, 3};
  CheckpointPosition position_ = {2, 17, 57};

  std::filesystem::path TensorPath() const { return folder_ / CheckpointTensorFileName(position_); }
  std::vector<std::string> TensorFiles() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().extension() == ".safetensors") names.push_back(entry.path().filename());
    }
    return names;
  }
};

TEST_F(CheckpointTest, RoundTripKeepsWeightsPositionAndState) {
  const Json state = {{"seed", 7}, {"best", 0.1}};
  const std::vector<std::int64_t> steps = {57};
  std::vector<NamedTensor> tensors = weights_.tensors();
  tensors.push_back(MakeNamedTensor("optimiser.steps", {1}, std::span<const std::int64_t>(steps)));
  ASSERT_TRUE(SaveCheckpoint(folder_, config_, position_, state, tensors).ok());
  EXPECT_THAT(TensorFiles(), testing::ElementsAre("checkpoint-00002-000017.safetensors"));

  const auto loaded = LoadCheckpoint(folder_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config, config_);
  EXPECT_EQ(loaded->position, position_);
  EXPECT_EQ(loaded->state, state);
  EXPECT_EQ((*loaded->tensors.Find<std::int64_t>("optimiser.steps"))[0], 57);
  for (const ParameterSpec& spec : ParameterSpecs(config_)) {
    EXPECT_THAT(*loaded->tensors.Find<float>(spec.name),
                testing::ElementsAreArray(InitialValues(spec, 3)))
        << spec.name;
  }
}

TEST_F(CheckpointTest, ALaterOneReplacesTheEarlier) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, {1, 0, 20}).ok());
  ASSERT_TRUE(SaveNetwork(folder_, config_, 4, position_).ok());
  EXPECT_EQ(TensorFiles().size(), 1u);
  EXPECT_EQ(LoadCheckpoint(folder_)->position, position_);
}

TEST_F(CheckpointTest, SavingAtOnePositionAgainNeverOverwritesTheOneInPlace) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, position_).ok());
  const auto before = *LoadCheckpoint(folder_);
  ASSERT_TRUE(SaveNetwork(folder_, config_, 4, position_).ok());
  const auto after = *LoadCheckpoint(folder_);
  EXPECT_NE(after.tensors.path(), before.tensors.path());
  EXPECT_NE(after.sha256, before.sha256);
  EXPECT_EQ(TensorFiles().size(), 1u);
}

TEST_F(CheckpointTest, AnUnfinishedSaveLeavesTheOneBefore) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, {1, 0, 20}).ok());
  // Killed before checkpoint.json was replaced.
  ASSERT_TRUE(WriteFileAtomically(TensorPath(), "half").ok());
  // Killed while the tensors were written.
  const auto temporary = folder_ / ".checkpoint-00002-000003.safetensors.tmp";
  ASSERT_TRUE(WriteFileAtomically(temporary, "half").ok());
  EXPECT_EQ(LoadCheckpoint(folder_)->position.epoch, 1);
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, position_).ok());
  EXPECT_EQ(TensorFiles().size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(temporary));
}

TEST_F(CheckpointTest, AFlippedByteAnywhereIsFound) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, position_).ok());
  const std::string whole = *ReadFile(TensorPath());
  for (const std::size_t at : {std::size_t{0}, std::size_t{100}, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    ASSERT_TRUE(WriteFileAtomically(TensorPath(), damaged).ok());
    const auto loaded = LoadCheckpoint(folder_);
    ASSERT_EQ(loaded.status().code(), absl::StatusCode::kDataLoss) << at;
    EXPECT_THAT(std::string(MessageOf(loaded.status())), HasSubstr(TensorPath().string()));
  }
}

TEST_F(CheckpointTest, TruncatedOrMissingFilesAreNamed) {
  EXPECT_EQ(LoadCheckpoint(folder_).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, position_).ok());
  for (const auto& path : {TensorPath(), folder_ / kConfigFile, folder_ / kCheckpointFile}) {
    const std::string whole = *ReadFile(path);
    ASSERT_TRUE(WriteFileAtomically(path, whole.substr(0, whole.size() / 2)).ok());
    const auto truncated = LoadCheckpoint(folder_);
    EXPECT_EQ(truncated.status().code(), absl::StatusCode::kDataLoss) << path;
    EXPECT_THAT(std::string(MessageOf(truncated.status())), HasSubstr(path.string()));
    std::filesystem::remove(path);
    const auto code = path.filename() == kCheckpointFile ? absl::StatusCode::kNotFound
                                                         : absl::StatusCode::kDataLoss;
    EXPECT_EQ(LoadCheckpoint(folder_).status().code(), code) << path;
    ASSERT_TRUE(WriteFileAtomically(path, whole).ok());
  }
  EXPECT_TRUE(LoadCheckpoint(folder_).ok());
}

TEST_F(CheckpointTest, APointerOutOfTheFolderIsRefused) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, position_).ok());
  Json pointer = *ReadJson(folder_ / kCheckpointFile);
  pointer["file"] = "checkpoint-/../../x.safetensors";
  ASSERT_TRUE(WriteJson(folder_ / kCheckpointFile, pointer).ok());
  EXPECT_EQ(LoadCheckpoint(folder_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(CheckpointTest, ShapesMustBeThoseOfTheConfig) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, position_).ok());
  // Another config under the same weights: as if config.json had been edited.
  NetworkConfig other = config_;
  other.latent = 7;
  ASSERT_TRUE(WriteJson(folder_ / kConfigFile, ConfigToJson(other)).ok());
  const auto loaded = LoadCheckpoint(folder_);
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(loaded.status())), HasSubstr("'latent.mean.kernel'"));
  EXPECT_EQ(SaveNetwork(folder_, config_, 3, position_).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(CheckpointTest, ASaveWithoutAllParametersIsRefused) {
  const auto first = std::span(weights_.tensors()).first(1);
  EXPECT_EQ(SaveCheckpoint(folder_, config_, position_, Json::object(), first).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

}  // namespace
}  // namespace peculiar
