#include "core/network/network_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace peculiar {
namespace {

using testing::HasSubstr;

TEST(NetworkConfigTest, PresetsAreThoseOfTheDesign) {
  const auto paper = *MakePreset("paper", ModelKind::kAe);
  EXPECT_EQ(paper, NetworkConfig{});
  EXPECT_EQ(paper.latent, 128);
  EXPECT_EQ(paper.flat(), 4 * 4 * 8);
  EXPECT_EQ(paper.recurrent_activation, RecurrentActivation::kHardSigmoid);
  EXPECT_EQ(paper.cell_activation, CellActivation::kTanh);
  const auto small = *MakePreset("small", ModelKind::kVae);
  EXPECT_EQ(small.convs_per_block, 1);
  EXPECT_EQ(small.latent, 32);
  EXPECT_EQ(small.decoder_channels, (std::array<int, 3>{8, 16, 16}));
  const auto tiny = *MakePreset("tiny", ModelKind::kAe, 19, 16);
  EXPECT_EQ(tiny.channels, 19);
  EXPECT_EQ(tiny.grid(), 2);
}

TEST(NetworkConfigTest, UnknownNamesListTheKnownOnes) {
  EXPECT_THAT(std::string(MessageOf(MakePreset("huge", ModelKind::kAe).status())),
              HasSubstr("'huge', expected one of: paper, small, tiny"));
  EXPECT_THAT(std::string(MessageOf(ParseModelKind("gan").status())), HasSubstr("ae, vae"));
  EXPECT_EQ(*ParseWavelengthCode("none"), WavelengthCode::kNone);
  EXPECT_EQ(ParseReconstructionLoss("l1").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NetworkConfigTest, JsonRoundTripKeepsEveryField) {
  auto config = *MakePreset("small", ModelKind::kVae, 19, 16);
  config.recurrent_activation = RecurrentActivation::kSigmoid;
  config.cell_activation = CellActivation::kLinear;
  config.wavelength_code = WavelengthCode::kNone;
  config.loss = ReconstructionLoss::kMse;
  config.beta = 0.1;
  config.conv_channels = {3, 5};
  const auto back = ConfigFromJson(*ParseJson(ConfigToJson(config).dump(), "test"));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, config);
}

TEST(NetworkConfigTest, JsonWithMissingUnknownOrWrongFieldsIsRefused) {
  const Json good = ConfigToJson({});
  for (const auto& [key, value] : good.items()) {
    Json missing = good;
    missing.erase(key);
    EXPECT_THAT(std::string(MessageOf(ConfigFromJson(missing).status())), HasSubstr(key));
    Json wrong = good;
    wrong[key] = Json::object();
    EXPECT_EQ(ConfigFromJson(wrong).status().code(), absl::StatusCode::kDataLoss) << key;
  }
  Json unknown = good;
  unknown["dropout"] = 0.5;
  EXPECT_THAT(std::string(MessageOf(ConfigFromJson(unknown).status())),
              HasSubstr("unknown field 'dropout'"));
  Json kind = good;
  kind["kind"] = "gan";
  EXPECT_EQ(ConfigFromJson(kind).status().code(), absl::StatusCode::kDataLoss);
  Json wide = good;
  wide["lstm_channels"] = {1, 2};
  EXPECT_THAT(std::string(MessageOf(ConfigFromJson(wide).status())), HasSubstr("expected 3"));
  Json large = good;
  large["latent"] = std::int64_t{1} << 40;
  EXPECT_EQ(ConfigFromJson(large).status().code(), absl::StatusCode::kDataLoss);
}

TEST(NetworkConfigTest, ValidationNamesTheFieldAndWhatIsAllowed) {
  const auto message = [](auto change) {
    NetworkConfig config;
    change(config);
    const absl::Status status = ValidateConfig(config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(MessageOf(status));
  };
  EXPECT_THAT(message([](auto& c) { c.size = 20; }), HasSubstr("multiple of 8"));
  EXPECT_THAT(message([](auto& c) { c.size = 0; }), HasSubstr("size is 0"));
  EXPECT_THAT(message([](auto& c) { c.channels = 0; }), HasSubstr("channels is 0"));
  EXPECT_THAT(message([](auto& c) { c.lstm_channels[1] = -1; }), HasSubstr("lstm_channels is -1"));
  EXPECT_THAT(message([](auto& c) { c.beta = -1; }), HasSubstr("beta is -1"));
  EXPECT_THAT(message([](auto& c) { c.beta = NAN; }), HasSubstr("beta"));
  EXPECT_THAT(message([](auto& c) {
                c.size = 1024;
                c.lstm_channels[2] = 4096;
              }),
              HasSubstr("weights"));
}

}  // namespace
}  // namespace peculiar
