#include "core/model/fused_engine.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <ostream>

#include "core/base/random.h"
#include "core/model/autograd_engine.h"
#include "core/model/embedded_batch.h"
#include "core/model/embedder.h"
#include "core/model/graph_engine.h"
#include "core/model/losses.h"
#include "core/network/fused_embedder.h"
#include "tests/support/saved_network.h"

namespace peculiar {
namespace {

torch::Tensor NormalTensor(std::vector<std::int64_t> shape, std::uint64_t seed) {
  auto tensor = torch::empty(shape, torch::kFloat32);
  Random random(seed);
  float* values = tensor.data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(random.Normal());
  return tensor;
}

// |a - b| / |b| as vectors.
double RelativeDifference(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  const auto exact = b.to(torch::kFloat64);
  const double norm = exact.norm().item<double>();
  return (a.to(torch::kFloat64) - exact).norm().item<double>() / std::max(norm, 1e-30);
}

struct Case {
  std::string name;
  NetworkConfig config;
};
void PrintTo(const Case& example, std::ostream* out) { *out << example.name; }

NetworkConfig Preset(std::string_view preset, ModelKind kind, int channels, int size) {
  return *MakePreset(preset, kind, channels, size);
}

std::vector<Case> Cases() {
  std::vector<Case> cases = {{"TinyAe", Preset("tiny", ModelKind::kAe, 19, 16)},
                             {"TinyVae", Preset("tiny", ModelKind::kVae, 19, 16)},
                             {"SmallAe", Preset("small", ModelKind::kAe, 19, 32)},
                             {"SmallVae", Preset("small", ModelKind::kVae, 19, 32)},
                             {"PaperAe", Preset("paper", ModelKind::kAe, 4, 32)}};
  Case other = {"EveryOtherOption", Preset("paper", ModelKind::kVae, 4, 8)};
  other.config.recurrent_activation = RecurrentActivation::kSigmoid;
  other.config.wavelength_code = WavelengthCode::kNone;
  other.config.loss = ReconstructionLoss::kMse;
  other.config.beta = 0.3;
  other.config.conv_channels = {3, 20};
  other.config.convs_per_block = 3;
  other.config.lstm_channels = {5, 1, 9};
  other.config.decoder_channels = {17, 2, 6};
  cases.push_back(other);
  return cases;
}

class FusedEngineTest : public testing::TestWithParam<Case> {
 protected:
  static constexpr std::int64_t kBatch = 3;

  FusedEngineTest() {
    // Away from the first values, where biases are zero and errors would hide.
    const torch::NoGradGuard no_grad;
    std::uint64_t seed = 100;
    for (torch::Tensor tensor : network_.tensors()) {
      tensor.add_(NormalTensor(tensor.sizes().vec(), seed++) * 0.05);
    }
  }

  // Against the reference's own arithmetic in float64, so that its rounding does not count.
  void ExpectExact(Engine& engine, double tolerance) {
    const auto loss = *engine.Backward(batch_);
    EXPECT_EQ(engine.Evaluate(batch_)->total, loss.total);
    std::vector<torch::Tensor> gradients;
    for (const torch::Tensor& tensor : network_.tensors()) gradients.push_back(tensor.grad());
    network_.To(torch::kCPU, torch::kFloat64);
    const auto cubes = batch_.cubes.to(torch::kFloat64);
    const auto noise = batch_.noise.defined() ? batch_.noise.to(torch::kFloat64) : batch_.noise;
    const LossTerms expected = ComputeLoss(config_, cubes, network_.Forward(cubes, noise));
    expected.total.backward();
    const auto expect_near = [](double value, const torch::Tensor& exact) {
      EXPECT_NEAR(value, exact.item<double>(), 1e-5 * exact.item<double>());
    };
    expect_near(loss.total, expected.total);
    expect_near(loss.reconstruction, expected.reconstruction);
    expect_near(loss.kl, expected.kl);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      EXPECT_LT(RelativeDifference(gradients[i], network_.tensors()[i].grad()), tolerance)
          << network_.parameters()[i].first;
    }
  }

  NetworkConfig config_ = GetParam().config;
  Autoencoder network_{config_, 3};
  FusedEngine fused_{network_, 2};
  AutogradEngine scan_{network_, {.forward = {ForwardPath::kFused, {}}, .threads = 2}};
  GraphEngine graphed_{network_, {ForwardPath::kFused, {}}, torch::kCPU, 2};
  AutogradEngine reference_{network_, {.threads = 2}};
  // A batch on which float32 itself is good for the bounds below: on others LibTorch's gradients of
  // TinyAe differ from its own in float64 by up to 3e-4 (LayerNorm over four nearly equal values).
  Batch batch_ = {NormalTensor({kBatch, config_.channels, config_.size, config_.size}, 103),
                  config_.kind == ModelKind::kVae ? NormalTensor({kBatch, config_.latent}, 2)
                                                  : torch::Tensor()};
};

INSTANTIATE_TEST_SUITE_P(Networks, FusedEngineTest, testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(FusedEngineTest, OutputsAreTheReferences) {
  const auto reference = EmbedAll(reference_, batch_.cubes);
  for (Engine* engine : std::initializer_list<Engine*>{&fused_, &scan_}) {
    const auto output = EmbedAll(*engine, batch_.cubes);
    EXPECT_LT(RelativeDifference(output.latent, reference.latent), 1e-5);
    EXPECT_LT(RelativeDifference(output.reconstruction, reference.reconstruction), 1e-5);
  }
}

TEST_P(FusedEngineTest, LossesAndGradientsAreTheReferences) { ExpectExact(fused_, 1e-4); }

// LibTorch's own sums of biases in float32 are less exact.
TEST_P(FusedEngineTest, LossesAndGradientsOfTheScanAreTheReferencesToo) {
  ExpectExact(scan_, 3e-4);
}

// Without a GPU the way of a step's tensors is tested, not their capture.
TEST_P(FusedEngineTest, LossesAndGradientsByTheGraphAreTheReferencesToo) {
  ExpectExact(graphed_, 3e-4);
}

TEST(FusedEngineNameTest, FusedIsForTheCpu) {
  Autoencoder network(*MakePreset("tiny", ModelKind::kAe, 5, 8), 3);
  EXPECT_TRUE(MakeEngine("fused", network, {DeviceKind::kAuto, 1})->get()->device().is_cpu());
  const auto refused = MakeEngine("fused", network, {DeviceKind::kCuda, 1});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(refused.status())), testing::HasSubstr("'scan'"));
}

TEST(FusedEngineEmbedderTest, EqualsTheEmbedderWithoutLibTorch) {
  const auto folder = FreshTestFolder();
  const auto config = *MakePreset("tiny", ModelKind::kVae, 5, 8);
  ASSERT_TRUE(SaveNetwork(folder, config, 3, {}).ok());
  auto with = Embedder::Open(folder, {.device = DeviceKind::kCpu, .threads = 1});
  auto without = FusedEmbedder::Open(folder, 1);
  ASSERT_TRUE(with.ok() && without.ok());
  const auto cubes = NormalTensor({2, 5, 8, 8}, 1);
  const std::span<const float> flux(cubes.data_ptr<float>(), 2 * 5 * 8 * 8);
  std::vector<float> latent(2 * 16), reconstruction(flux.size());
  ASSERT_TRUE(without->Embed(flux, latent, CopySlices<float>(5, reconstruction)).ok());
  const auto expected = *with->EmbedAndReconstruct(flux, 2);
  EXPECT_EQ(latent, expected.latent);
  EXPECT_EQ(reconstruction, expected.reconstruction);
}

TEST(FusedEngineNameTest, WrongBatchesAreRefused) {
  Autoencoder network(*MakePreset("tiny", ModelKind::kAe, 5, 8), 3);
  FusedEngine engine(network, 1);
  EXPECT_EQ(engine.Backward({}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(engine.Embed(torch::zeros({1, 4, 8, 8}), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peculiar
