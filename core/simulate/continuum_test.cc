#include <gtest/gtest.h>

#include <cmath>

#include "core/simulate/dust.h"
#include "core/simulate/stellar_spectrum.h"

namespace peculiar {
namespace {

double MeanShape(Continuum kind, double low, double high) {
  double sum = 0;
  int n = 0;
  for (double wavelength = low; wavelength <= high; wavelength += 1, ++n) {
    sum += ContinuumShape(kind, wavelength);
  }
  return sum / n;
}

TEST(DustTest, NoDustLetsAllThrough) {
  EXPECT_EQ(InternalTransmission(0, 4000), 1);
  EXPECT_EQ(GalacticTransmission(0, 4000), 1);
}

TEST(DustTest, VisualExtinctionIsWhatWasAsked) {
  EXPECT_NEAR(-2.5 * std::log10(InternalTransmission(0.8, 5500)), 0.8, 1e-12);
  // A(V) = R_V E(B-V); the law's V is at 1.82 per micrometre.
  EXPECT_NEAR(-2.5 * std::log10(GalacticTransmission(0.1, 1e4 / 1.82)), 0.31, 1e-12);
}

TEST(DustTest, GalacticReddeningIsTheColourExcess) {
  const auto magnitudes = [](double wavelength) {
    return -2.5 * std::log10(GalacticTransmission(0.1, wavelength));
  };
  EXPECT_NEAR(magnitudes(4380) - magnitudes(5494.5), 0.1, 0.003);
  // Published values of A(lambda)/A(V) for R_V = 3.1: 1.569 in U, 0.479 in I (CCM89, table 3).
  EXPECT_NEAR(magnitudes(1e4 / 2.78) / 0.31, 1.569, 0.002);
  EXPECT_NEAR(magnitudes(1e4 / 1.11) / 0.31, 0.479, 0.002);
  // The two branches meet.
  EXPECT_NEAR(magnitudes(1e4 / 1.0999), magnitudes(1e4 / 1.1001), 2e-4);
}

TEST(ContinuumTest, IsPositiveAndOneAt5500) {
  for (const Continuum kind :
       {Continuum::kOld, Continuum::kYoung, Continuum::kForegroundStar, Continuum::kPowerLaw}) {
    EXPECT_NEAR(ContinuumShape(kind, 5500), 1, 1e-3);
    for (double wavelength = 3000; wavelength < 11000; wavelength += 1) {
      ASSERT_GT(ContinuumShape(kind, wavelength), 0) << wavelength;
    }
  }
}

TEST(ContinuumTest, OldStarsHaveTheBreakAndYoungOnesBalmerAbsorption) {
  const auto break_4000 = [](Continuum kind) {
    return MeanShape(kind, 4050, 4250) / MeanShape(kind, 3750, 3950);
  };
  EXPECT_GT(break_4000(Continuum::kOld), 1.6);
  EXPECT_LT(break_4000(Continuum::kYoung), 1.35);
  const auto hdelta = [](Continuum kind) {
    return ContinuumShape(kind, 4102.9) / MeanShape(kind, 4050, 4070);
  };
  EXPECT_LT(hdelta(Continuum::kYoung), 0.75);
  EXPECT_GT(hdelta(Continuum::kOld), 0.85);
  EXPECT_LT(ContinuumShape(Continuum::kOld, 5176), 0.85 * ContinuumShape(Continuum::kOld, 5100));
}

}  // namespace
}  // namespace peculiar
