#include "core/cube/spectral_axis.h"

#include <gtest/gtest.h>

#include <cmath>

namespace peculiar {
namespace {

std::vector<double> LogGrid(int n) {
  std::vector<double> wave(n);
  for (int i = 0; i < n; ++i) wave[i] = std::pow(10, 3.5589 + 1e-4 * i);
  return wave;
}

TEST(SpectralAxisTest, PixelIsLinearInLogWavelengthInsideAndOutside) {
  const auto axis = SpectralAxis::Create(LogGrid(100));
  ASSERT_TRUE(axis.ok());
  for (double pixel : {-20.25, 0.0, 0.5, 41.75, 99.0, 130.5}) {
    EXPECT_NEAR(axis->PixelOf(std::pow(10, 3.5589 + 1e-4 * pixel)), pixel, 1e-6);
  }
}

TEST(SpectralAxisTest, RefusesWhatIsNotAnIncreasingLogGrid) {
  auto wave = LogGrid(10);
  std::swap(wave[3], wave[4]);
  EXPECT_NE(MessageOf(SpectralAxis::Create(wave).status()).find("not increasing"),
            std::string::npos);
  wave = LogGrid(10);
  wave[5] *= 1.0001;
  EXPECT_NE(MessageOf(SpectralAxis::Create(wave).status()).find("log grid"), std::string::npos);
  wave = LogGrid(10);
  wave[0] = std::nan("");
  EXPECT_FALSE(SpectralAxis::Create(wave).ok());
  EXPECT_FALSE(SpectralAxis::Create({}).ok());
}

}  // namespace
}  // namespace peculiar
