#include "core/network/fused_embedder.h"

#include <gmock/gmock.h>

#include "core/base/random.h"
#include "tests/support/saved_network.h"

namespace peculiar {
namespace {

class FusedEmbedderTest : public testing::Test {
 protected:
  static constexpr std::size_t kCubes = 2;

  FusedEmbedderTest() {
    Random random(5);
    for (float& value : cubes_) value = static_cast<float>(random.Normal());
  }

  std::filesystem::path folder_ = FreshTestFolder();
  NetworkConfig config_ = *MakePreset("tiny", ModelKind::kVae, 5, 8);
  std::vector<float> cubes_ = std::vector<float>(kCubes * 5 * 8 * 8);
  std::vector<float> latent_ = std::vector<float>(kCubes * 16);
  std::vector<float> reconstruction_ = std::vector<float>(cubes_.size());
};

TEST_F(FusedEmbedderTest, EmbedsFromASavedCheckpoint) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, {1, 2, 3}).ok());
  auto embedder = FusedEmbedder::Open(folder_, 1);
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  EXPECT_EQ(embedder->config(), config_);
  EXPECT_EQ(embedder->sha256(), LoadCheckpoint(folder_)->sha256);
  ASSERT_TRUE(embedder->Embed(cubes_, latent_, CopySlices<float>(5, reconstruction_)).ok());

  // The same weights, put in by hand.
  FusedNetwork<float> network(config_, 1);
  std::vector<float> weights;
  for (const ParameterSpec& spec : ParameterSpecs(config_)) {
    const auto values = InitialValues(spec, 3);
    weights.insert(weights.end(), values.begin(), values.end());
  }
  ASSERT_TRUE(network.SetParameters(weights).ok());
  std::vector<float> latent(latent_.size()), reconstruction(reconstruction_.size());
  ASSERT_TRUE(network.Embed(cubes_, latent, CopySlices<float>(5, reconstruction)).ok());
  EXPECT_EQ(latent_, latent);
  EXPECT_EQ(reconstruction_, reconstruction);
  EXPECT_NE(latent_[0], latent_[16]);
}

TEST_F(FusedEmbedderTest, TheReconstructionMayBeLeftOut) {
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, {}).ok());
  auto embedder = *FusedEmbedder::Open(folder_);
  ASSERT_TRUE(embedder.Embed(cubes_, latent_, CopySlices<float>(5, reconstruction_)).ok());
  std::vector<float> latent(latent_.size());
  ASSERT_TRUE(embedder.Embed(cubes_, latent, {}).ok());
  EXPECT_EQ(latent, latent_);
}

TEST_F(FusedEmbedderTest, RefusesWhatItCannotServe) {
  EXPECT_EQ(FusedEmbedder::Open(folder_).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(SaveNetwork(folder_, config_, 3, {}).ok());
  EXPECT_EQ(FusedEmbedder::Open(folder_, -1).status().code(), absl::StatusCode::kInvalidArgument);
  auto embedder = *FusedEmbedder::Open(folder_, 1);
  const auto code = [&](std::size_t cubes, std::size_t latent) {
    return embedder.Embed({cubes_.data(), cubes}, {latent_.data(), latent}, {}).code();
  };
  EXPECT_EQ(code(cubes_.size() - 1, 32), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(cubes_.size(), 31), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(0, 0), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar
