#include "core/simulate/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace peculiar {
namespace {

TEST(NoiseTest, LevelIsTheSurveysAtMeasuredWavelengths) {
  EXPECT_NEAR(NoiseLevel(3700), 0.082, 1e-4);
  EXPECT_NEAR(NoiseLevel(4200), 0.024, 1e-4);
  EXPECT_NEAR(NoiseLevel(5000), 0.015, 1e-4);
  EXPECT_NEAR(NoiseLevel(6500), 0.010, 1e-4);
  EXPECT_NEAR(NoiseLevel(8500), 0.008, 1e-4);
  EXPECT_NEAR(NoiseLevel(10000), 0.031, 1e-4);
  EXPECT_GT(NoiseLevel(5578.9), 3 * NoiseLevel(5600));  // under the sky's [OI]
  EXPECT_EQ(NoiseGrowth(0), 1);
  EXPECT_NEAR(NoiseGrowth(1), 1.6, 1e-12);
}

TEST(NoiseTest, HasUnitVarianceAndTheSurveysCorrelation) {
  constexpr int kSize = 34;
  constexpr int kChannels = 600;
  CorrelatedNoise noise(kSize, kSize);
  double mean = 0;
  double square = 0;
  double lagged[5] = {};
  double across[5] = {};
  long pairs = 0;
  for (int channel = 0; channel < kChannels; ++channel) {
    const std::span<const float> image = noise.Draw(5, static_cast<std::uint64_t>(channel));
    for (int y = 0; y + 4 < kSize; ++y) {
      for (int x = 0; x + 4 < kSize; ++x, ++pairs) {
        const double value = image[y * kSize + x];
        mean += value;
        square += value * value;
        for (int lag = 1; lag < 5; ++lag) {
          lagged[lag] += value * image[y * kSize + x + lag];
          across[lag] += value * image[(y + lag) * kSize + x];
        }
      }
    }
  }
  const auto n = static_cast<double>(pairs);
  EXPECT_NEAR(mean / n, 0, 0.02);
  EXPECT_NEAR(square / n, 1, 0.02);
  for (int lag = 1; lag < 5; ++lag) {
    const double rho = std::exp(-0.5 * std::pow(lag / kNoiseCorrelationPixels, 2));
    EXPECT_NEAR(lagged[lag] / square, rho, 0.02) << lag;
    EXPECT_NEAR(across[lag] / square, rho, 0.02) << lag;
  }
}

TEST(NoiseTest, IsGaussianFarOut) {
  CorrelatedNoise noise(34, 34);
  double fourth = 0;
  double beyond_three = 0;
  double n = 0;
  for (std::uint64_t channel = 0; channel < 1500; ++channel) {
    const std::span<const float> image = noise.Draw(2, channel);
    for (std::size_t i = 0; i < image.size(); i += 5) {
      fourth += std::pow(image[i], 4);
      beyond_three += std::abs(image[i]) > 3 ? 1 : 0;
      ++n;
    }
  }
  EXPECT_NEAR(fourth / n, 3, 0.08);
  EXPECT_NEAR(beyond_three / n, 0.0027, 0.0004);
}

TEST(NoiseTest, CornersAreAsNoisyAsTheMiddle) {
  CorrelatedNoise noise(20, 20);
  double corner = 0;
  for (std::uint64_t channel = 0; channel < 3000; ++channel) {
    const float value = noise.Draw(9, channel)[0];
    corner += value * value / 3000.0;
  }
  EXPECT_NEAR(corner, 1, 0.1);
}

TEST(NoiseTest, IsAFunctionOfSeedAndChannel) {
  CorrelatedNoise a(12, 9);
  CorrelatedNoise b(12, 9);
  const std::span<const float> skipped = b.Draw(1, 6);
  const float other_channel = skipped[3];
  EXPECT_EQ(a.Draw(1, 7)[3], b.Draw(1, 7)[3]);
  EXPECT_NE(a.Draw(1, 7)[3], other_channel);
  EXPECT_NE(a.Draw(2, 7)[3], b.Draw(1, 7)[3]);
}

TEST(NoiseTest, InverseVarianceIsOfTheNoiseThatIsDrawn) {
  const std::vector<float> level = {0.02F, 0.02F, 0};
  const std::vector<float> lines = {0, 50, 50};
  const std::vector<float> unit = {1.5F, 1.5F, 1.5F};
  std::vector<float> flux = {3, 3, 3};
  std::vector<float> ivar(3);
  AddNoise(unit, level, lines, flux, ivar);
  EXPECT_NEAR(1 / ivar[0], 4e-4, 4e-4 / 128);
  EXPECT_NEAR(1 / ivar[1], 4e-4 + 4e-4 * 50, 0.0204 / 128);
  EXPECT_NEAR((flux[0] - 3) * std::sqrt(ivar[0]), 1.5, 1e-4);
  EXPECT_NEAR((flux[1] - 3) * std::sqrt(ivar[1]), 1.5, 1e-4);
  EXPECT_EQ(flux[2], 0);
  EXPECT_EQ(ivar[2], 0);
}

TEST(NoiseTest, RoundingKeepsSoManyBits) {
  EXPECT_EQ(RoundToBits(0, 8), 0);
  EXPECT_EQ(RoundToBits(-1.5F, 2), -1.5F);
  EXPECT_EQ(RoundToBits(257, 8), 258);
  EXPECT_EQ(RoundToBits(0x1.fffffep0F, 8), 2);
  for (float value = 1e-3F; value < 100; value *= 1.37F) {
    EXPECT_NEAR(RoundToBits(value, 16) / value, 1, std::ldexp(1.0, -16));
  }
  EXPECT_EQ(RoundToBits(std::numeric_limits<float>::infinity(), 8),
            std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace peculiar
