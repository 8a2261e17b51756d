#include "core/network/parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace peculiar {
namespace {

ParameterSpec SpecOf(const NetworkConfig& config, std::string_view name) {
  for (const ParameterSpec& spec : ParameterSpecs(config))
    if (spec.name == name) return spec;
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

TEST(ParametersTest, ShapesAreKeras) {
  const NetworkConfig config;  // paper
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(SpecOf(config, "encoder.conv_block_1.conv_1.kernel").shape, (Shape{3, 3, 1, 16}));
  EXPECT_EQ(SpecOf(config, "encoder.conv_block_2.conv_2.kernel").shape, (Shape{3, 3, 16, 16}));
  EXPECT_EQ(SpecOf(config, "encoder.lstm_block_1.kernel").shape, (Shape{3, 3, 16, 128}));
  EXPECT_EQ(SpecOf(config, "encoder.lstm_block_3.recurrent_kernel").shape, (Shape{3, 3, 8, 32}));
  EXPECT_EQ(SpecOf(config, "latent.before.kernel").shape, (Shape{128, 512}));
  EXPECT_EQ(SpecOf(config, "decoder.wavelength_code").shape, (Shape{190, 128}));
  EXPECT_EQ(SpecOf(config, "decoder.block_1.kernel").shape, (Shape{3, 3, 32, 8}));
  EXPECT_EQ(SpecOf(config, "decoder.output.kernel").shape, (Shape{3, 3, 16, 1}));
}

TEST(ParametersTest, NamesAreUniqueAndFollowTheChoices) {
  for (const auto kind : {ModelKind::kAe, ModelKind::kVae}) {
    NetworkConfig config;
    config.kind = kind;
    config.wavelength_code = WavelengthCode::kNone;
    std::set<std::string> names;
    for (const ParameterSpec& spec : ParameterSpecs(config)) {
      EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    }
    EXPECT_EQ(names.contains("decoder.wavelength_code"), false);
    EXPECT_EQ(names.contains("latent.code.kernel"), kind == ModelKind::kAe);
    EXPECT_EQ(names.contains("latent.log_variance.bias"), kind == ModelKind::kVae);
  }
}

TEST(ParametersTest, RecurrentKernelsAreOrthogonal) {
  const ParameterSpec spec = {"u", {3, 3, 8, 32}, Initializer::kOrthogonal};
  const std::vector<float> values = InitialValues(spec, 1);
  const std::size_t columns = 32;
  const std::size_t rows = values.size() / columns;
  for (std::size_t a = 0; a < columns; ++a) {
    for (std::size_t b = a; b < columns; ++b) {
      double dot = 0;
      for (std::size_t r = 0; r < rows; ++r)
        dot += values[r * columns + a] * values[r * columns + b];
      ASSERT_NEAR(dot, a == b ? 1 : 0, 1e-6) << a << ", " << b;
    }
  }
}

TEST(ParametersTest, KernelsAreGlorotUniform) {
  const std::vector<float> values =
      InitialValues({"w", {3, 3, 16, 128}, Initializer::kGlorotUniform}, 1);
  const double limit = std::sqrt(6.0 / (9 * (16 + 128)));
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_LE(*high, limit);
  EXPECT_GE(*low, -limit);
  EXPECT_GT(*high, 0.99 * limit);
  EXPECT_LT(*low, -0.99 * limit);
  double sum = 0;
  double squares = 0;
  for (const float value : values) {
    sum += value;
    squares += value * value;
  }
  const auto n = static_cast<double>(values.size());
  EXPECT_NEAR(sum / n, 0, 4 * limit / std::sqrt(3 * n));  // four standard errors
  EXPECT_NEAR(squares / n, limit * limit / 3, 0.03 * limit * limit);
}

TEST(ParametersTest, OnlyTheForgetGateStartsOpen) {
  const std::vector<float> bias = InitialValues({"b", {8}, Initializer::kForgetGateOnes}, 1);
  EXPECT_EQ(bias, (std::vector<float>{0, 0, 1, 1, 0, 0, 0, 0}));
}

TEST(ParametersTest, ValuesDependOnSeedAndNameAlone) {
  const ParameterSpec a = {"a", {4, 4}, Initializer::kGlorotUniform};
  const ParameterSpec b = {"b", {4, 4}, Initializer::kGlorotUniform};
  EXPECT_EQ(InitialValues(a, 1), InitialValues(a, 1));
  EXPECT_NE(InitialValues(a, 1), InitialValues(a, 2));
  EXPECT_NE(InitialValues(a, 1), InitialValues(b, 1));
}

}  // namespace
}  // namespace peculiar
