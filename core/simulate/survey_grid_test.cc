#include "core/simulate/survey_grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace peculiar {
namespace {

TEST(SurveyGridTest, IsTheSurveysGrid) {
  const std::vector<double>& wave = SurveyAxis().wavelength_angstrom();
  ASSERT_EQ(wave.size(), 4563U);
  EXPECT_NEAR(wave.front(), 3621.596, 1e-3);
  EXPECT_NEAR(wave.back(), 10353.805, 1e-3);
  EXPECT_NEAR(SurveyChannelOf(wave[1234]), 1234, 1e-6);
  EXPECT_NEAR(ChannelWidthAngstrom(2000), (wave[2001] - wave[1999]) / 2, 1e-6);
}

TEST(SurveyGridTest, AChannelIsSixtyNineKilometresASecond) {
  const std::vector<double>& wave = SurveyAxis().wavelength_angstrom();
  EXPECT_NEAR(kSpeedOfLightKmPerS * std::log(wave[1] / wave[0]), kChannelKmPerS, 1e-6);
}

TEST(LineProfileTest, HasUnitFluxItsCentreAndItsWidth) {
  for (const double sigma : {0.9, 1.03, 14.0}) {
    LineProfile profile;
    FillLineProfile(100.37, sigma, profile);
    double total = 0;
    double mean = 0;
    double square = 0;
    for (std::size_t i = 0; i < profile.share.size(); ++i) {
      const double channel = profile.first + static_cast<double>(i);
      total += profile.share[i];
      mean += profile.share[i] * channel;
      square += profile.share[i] * channel * channel;
    }
    EXPECT_NEAR(total, 1, 1e-6);
    EXPECT_NEAR(mean, 100.37, 2e-4);
    // Integration over a channel adds the variance of a box, 1/12; the cut takes 1.5e-5 away.
    EXPECT_NEAR(square - mean * mean, sigma * sigma + 1.0 / 12, 5e-4 * sigma * sigma);
  }
}

}  // namespace
}  // namespace peculiar
