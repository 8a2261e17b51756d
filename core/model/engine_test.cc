#include "core/model/engine.h"

#include <gmock/gmock.h>
#include <torch/version.h>

#include "core/base/random.h"
#include "core/model/embedded_batch.h"
#include "core/model/embedder.h"
#include "core/model/guard.h"
#include "tests/support/saved_network.h"

namespace peculiar {
namespace {

using testing::HasSubstr;

constexpr EngineOptions kOneThread = {DeviceKind::kCpu, 1};

std::vector<float> FluxOf(const NetworkConfig& config, std::size_t n) {
  std::vector<float> values(n *
                            static_cast<std::size_t>(config.channels * config.size * config.size));
  Random random(5);
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

class EngineTest : public testing::Test {
 protected:
  static constexpr std::int64_t kBatch = 3;

  torch::Tensor Cubes() {
    return torch::from_blob(flux_.data(), {kBatch, config_.channels, config_.size, config_.size},
                            torch::kFloat32);
  }
  Batch NoisyBatch() { return {Cubes(), torch::full({kBatch, config_.latent}, 0.5f)}; }

  NetworkConfig config_ = *MakePreset("tiny", ModelKind::kVae, 5, 8);
  std::vector<float> flux_ = FluxOf(config_, kBatch);
  Autoencoder network_{config_, 3};
  std::unique_ptr<Engine> engine_ = *MakeEngine("reference", network_, kOneThread);
};

TEST_F(EngineTest, UnknownNamesAndDevicesAreRefused) {
  const auto unknown = MakeEngine("warp", network_);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(unknown.status())),
              HasSubstr("'warp', expected one of: fused, scan, reference"));
  EXPECT_EQ(MakeEngine("reference", network_, {DeviceKind::kCpu, -1}).status().code(),
            absl::StatusCode::kInvalidArgument);
  if (ResolveDevice(DeviceKind::kAuto)->kind == DeviceKind::kCpu) {
    EXPECT_EQ(MakeEngine("reference", network_, {DeviceKind::kCuda, 1}).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

TEST_F(EngineTest, BackwardReplacesTheGradientsOfEveryParameter) {
  const auto first = engine_->Backward(NoisyBatch());
  ASSERT_TRUE(first.ok()) << first.status();
  std::vector<torch::Tensor> gradients;
  for (const auto& [name, tensor] : network_.parameters()) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    gradients.push_back(tensor.grad().clone());
  }
  const auto second = engine_->Backward(NoisyBatch());
  EXPECT_EQ(first->total, second->total);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    EXPECT_TRUE(at::equal(gradients[i], network_.parameters()[i].second.grad()))
        << network_.parameters()[i].first;
  }
}

TEST_F(EngineTest, EvaluateGivesTheLossOfBackwardAndLeavesGradients) {
  const auto backward = *engine_->Backward(NoisyBatch());
  const auto gradient = network_.parameters()[0].second.grad().clone();
  const auto evaluated = *engine_->Evaluate(NoisyBatch());
  EXPECT_NEAR(evaluated.total, backward.total, 1e-5 * backward.total);
  EXPECT_NEAR(evaluated.kl, backward.kl, 1e-5 * backward.kl);
  EXPECT_GT(evaluated.kl, 0);
  const double voxels = static_cast<double>(flux_.size()) / kBatch;
  EXPECT_NEAR(evaluated.total, evaluated.reconstruction * voxels + evaluated.kl,
              1e-5 * evaluated.total);
  EXPECT_TRUE(at::equal(gradient, network_.parameters()[0].second.grad()));
}

TEST_F(EngineTest, ThreadsShareABatchWithoutChangingItsResults) {
  const auto alone = *engine_->Backward(NoisyBatch());
  std::vector<torch::Tensor> gradients;
  for (const auto& tensor : network_.tensors()) gradients.push_back(tensor.grad());
  const auto latent = *engine_->Embed(Cubes(), {});
  for (const int threads : {2, 8}) {  // three samples: uneven parts, then more threads than samples
    const auto engine = *MakeEngine("reference", network_, {DeviceKind::kCpu, threads});
    const auto shared = *engine->Backward(NoisyBatch());
    EXPECT_NEAR(shared.total, alone.total, 1e-5 * alone.total);
    EXPECT_NEAR(shared.kl, alone.kl, 1e-5 * alone.kl);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const auto difference = (network_.tensors()[i].grad() - gradients[i]).abs().max();
      EXPECT_LE(difference.item<double>(), 1e-4 * gradients[i].abs().max().item<double>())
          << network_.parameters()[i].first;
    }
    EXPECT_TRUE(at::allclose(*engine->Embed(Cubes(), {}), latent, 1e-4, 1e-5));
    EXPECT_NEAR(engine->Evaluate(NoisyBatch())->total, alone.total, 1e-5 * alone.total);
  }
}

TEST_F(EngineTest, StepsAlongTheGradientLowerTheLoss) {
  const Batch batch = NoisyBatch();
  const double before = engine_->Evaluate(batch)->total;
  for (int step = 0; step < 20; ++step) {
    ASSERT_TRUE(engine_->Backward(batch).ok());
    for (torch::Tensor parameter : network_.tensors()) {
      parameter.detach().sub_(parameter.grad().sign() * 1e-3);
    }
  }
  EXPECT_LT(engine_->Evaluate(batch)->total, 0.98 * before);
}

TEST_F(EngineTest, WrongShapesAreInvalidArguments) {
  const auto message = [&](const Batch& batch) {
    const auto loss = engine_->Backward(batch);
    EXPECT_EQ(loss.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(MessageOf(loss.status()));
  };
  EXPECT_THAT(message({Cubes().slice(1, 0, 4), {}}), HasSubstr("[3, 4, 8, 8]"));
  EXPECT_THAT(message({Cubes().to(torch::kFloat64), {}}), HasSubstr("expected float32"));
  EXPECT_THAT(message({Cubes(), torch::zeros({3, 2})}), HasSubstr("noise"));
  EXPECT_THAT(message({}), HasSubstr("undefined"));
  EXPECT_THAT(message({Cubes().slice(0, 0, 0), {}}), HasSubstr("empty"));
}

TEST_F(EngineTest, ANonFiniteLossIsReportedNotRefused) {
  const auto loss = engine_->Evaluate({torch::full_like(Cubes(), 3e38f), {}});
  ASSERT_TRUE(loss.ok()) << loss.status();
  EXPECT_FALSE(std::isfinite(loss->total));
}

TEST_F(EngineTest, EmbedderEqualsTheEngineWhateverTheBatch) {
  const auto folder = FreshTestFolder();
  ASSERT_TRUE(SaveNetwork(folder, config_, 3, {1, 2, 3}).ok());
  const auto expected = EmbedAll(*engine_, Cubes());
  for (const std::size_t batch_size : {1, 2, 16}) {
    auto embedder = Embedder::Open(
        folder, {.device = DeviceKind::kCpu, .threads = 1, .batch_size = batch_size});
    ASSERT_TRUE(embedder.ok()) << embedder.status();
    EXPECT_EQ(embedder->config(), config_);
    EXPECT_EQ(embedder->position(), (CheckpointPosition{1, 2, 3}));
    EXPECT_EQ(embedder->sha256(), LoadCheckpoint(folder)->sha256);
    auto embedded = embedder->EmbedAndReconstruct(flux_, kBatch);
    ASSERT_TRUE(embedded.ok()) << embedded.status();
    const auto as_tensor = [](std::vector<float>& values, const torch::Tensor& like) {
      EXPECT_EQ(static_cast<std::int64_t>(values.size()), like.numel());
      return torch::from_blob(values.data(), like.sizes(), torch::kFloat32);
    };
    EXPECT_TRUE(
        at::allclose(as_tensor(embedded->latent, expected.latent), expected.latent, 1e-4, 1e-5));
    EXPECT_TRUE(at::allclose(as_tensor(embedded->reconstruction, expected.reconstruction),
                             expected.reconstruction, 1e-4, 1e-5));
  }
}

TEST_F(EngineTest, EmbedderRefusesWhatItCannotServe) {
  const auto folder = FreshTestFolder();
  EXPECT_EQ(Embedder::Open(folder).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(SaveNetwork(folder, config_, 3, {}).ok());
  EXPECT_EQ(Embedder::Open(folder, {.engine = "warp"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Embedder::Open(folder, {.batch_size = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
  auto embedder = *Embedder::Open(folder, {.device = DeviceKind::kCpu, .threads = 1});
  EXPECT_EQ(embedder.Embed(flux_, 2, {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(embedder.Embed({}, 0, {})->empty());
}

TEST(GuardTest, TurnsExceptionsIntoStatuses) {
  const auto thrown = Guard("cannot add", [] { torch::ones({2}) + torch::ones({3}); });
  EXPECT_EQ(thrown.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(MessageOf(thrown)), HasSubstr("cannot add: The size of tensor a (2)"));
  EXPECT_EQ(Guard("x", []() -> absl::Status { throw std::bad_alloc(); }).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Guard("x", [] { torch::empty({std::int64_t{1} << 50}); }).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Guard("x", []() -> absl::StatusOr<int> { throw 1; }).status().code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(*Guard("x", []() -> absl::StatusOr<int> { return 4; }), 4);
}

TEST(PrecisionTest, OtherThanFp32IsForTheScanAlone) {
  Autoencoder network(*MakePreset("tiny", ModelKind::kAe, 10, 16), 1);
  for (const char* name : {"fused", "reference"}) {
    const auto engine =
        MakeEngine(name, network, {.device = DeviceKind::kCpu, .precision = Precision::kBf16});
    EXPECT_EQ(engine.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(engine.status().message()),
                testing::HasSubstr("ask for engine 'scan'"));
  }
  const auto tf32 =
      MakeEngine("scan", network, {.device = DeviceKind::kCpu, .precision = Precision::kTf32});
  EXPECT_THAT(std::string(tf32.status().message()),
              testing::HasSubstr("the CPU cannot compute in tf32"));
}

// Eight bits of precision in the maps: a loss within a hundredth, gradients that point the same
// way.
TEST(PrecisionTest, Bfloat16IsNearFloat32) {
  const NetworkConfig config = *MakePreset("small", ModelKind::kAe, 20, 32);
  Autoencoder network(config, 3), narrow(config, 3);
  const auto full = *MakeEngine("scan", network, {.device = DeviceKind::kCpu, .threads = 1});
  const auto made = MakeEngine(
      "scan", narrow, {.device = DeviceKind::kCpu, .threads = 1, .precision = Precision::kBf16});
  if (TORCH_VERSION_MAJOR < 2) {
    EXPECT_THAT(std::string(made.status().message()),
                testing::HasSubstr("the CPU cannot compute in bf16"));
    return;
  }
  ASSERT_TRUE(made.ok()) << made.status();
  const std::unique_ptr<Engine>& half = *made;
  torch::manual_seed(1);
  const Batch batch = {torch::randn({2, 20, 32, 32}), {}};
  const auto expected = full->Backward(batch), found = half->Backward(batch);
  ASSERT_TRUE(expected.ok() && found.ok()) << found.status();
  EXPECT_NEAR(found->total, expected->total, 1e-2 * expected->total);
  EXPECT_NE(found->total, expected->total);
  std::vector<torch::Tensor> all[2];
  for (std::size_t k = 0; k < network.tensors().size(); ++k) {
    all[0].push_back(network.tensors()[k].grad().flatten());
    all[1].push_back(narrow.tensors()[k].grad().flatten());
    EXPECT_EQ(all[1].back().scalar_type(), torch::kFloat32);
  }
  const torch::Tensor a = at::cat(all[0]), b = at::cat(all[1]);
  EXPECT_GT((a * b).sum().item<double>() / (a.norm() * b.norm()).item<double>(), 0.95);
}

}  // namespace
}  // namespace peculiar
