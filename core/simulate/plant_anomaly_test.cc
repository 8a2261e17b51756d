#include "core/simulate/plant_anomaly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/simulate/footprint.h"
#include "core/simulate/render_cube.h"
#include "core/simulate/render_lines.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

constexpr int kDraws = 40;

struct Planted {
  GalaxyTraits traits;
  GalaxyModel before;
  GalaxyModel after;
};

Planted Plant(Anomaly anomaly, std::uint64_t seed) {
  Random random(seed, {static_cast<std::uint64_t>(anomaly)});
  Planted planted;
  planted.traits = DrawTraits(HostOf(anomaly, random), 19, random);
  PrepareTraits(anomaly, random, planted.traits);
  planted.before = BuildGalaxy(planted.traits, random);
  planted.after = planted.before;
  PlantAnomaly(anomaly, planted.traits, random, planted.after);
  return planted;
}

double Strength(const GasPart& part, std::string_view name) {
  return part.centre[SimulatedLineIndex(name)];
}

TEST(PlantAnomalyTest, ABlueberryHasAllItsLightInLinesFromOnePoint) {
  for (int seed = 0; seed < kDraws; ++seed) {
    const Planted planted = Plant(Anomaly::kBlueberry, seed);
    ASSERT_EQ(planted.after.gas.size(), 1U);
    const GasPart& gas = planted.after.gas[0];
    EXPECT_EQ(gas.shape.profile, Profile::kPoint);
    const double width =
        gas.halpha_flux / ContinuumAtHalpha(planted.after) / (1 + planted.traits.z);
    EXPECT_GE(width, 499);
    EXPECT_LE(width, 1501);
    EXPECT_LT(Strength(gas, "[NII] 6585"), 0.071);
    EXPECT_GT(Strength(gas, "[OIII] 5008") / Strength(gas, "Hbeta"), 4.9);
  }
}

TEST(PlantAnomalyTest, ALoneLineAddsNothingButOneLineInTheNucleus) {
  for (int seed = 0; seed < kDraws; ++seed) {
    const Planted planted = Plant(Anomaly::kLoneLine, seed);
    ASSERT_EQ(planted.after.gas.size(), planted.before.gas.size() + 1);
    EXPECT_EQ(planted.after.stars.size(), planted.before.stars.size());
    const GasPart& added = planted.after.gas.back();
    EXPECT_EQ(added.shape.profile, Profile::kPoint);
    for (const SimulatedLine& line : kSimulatedLines) {
      EXPECT_EQ(Strength(added, line.name), line.name == "[OIII] 5008" ? 1 : 0) << line.name;
    }
  }
}

TEST(PlantAnomalyTest, ASeyfertCoreLiesAboveKewleysCurve) {
  Random random(1);
  int above = 0;
  for (int i = 0; i < kDraws; ++i) {
    const LineRatios ratios = DrawSeyfertRatios(random);
    const double x = std::log10(ratios.nii_halpha);
    const double y = std::log10(ratios.oiii_hbeta);
    above += x > 0.47 || y > 0.61 / (x - 0.47) + 1.19;
  }
  EXPECT_EQ(above, kDraws);
  const Planted planted = Plant(Anomaly::kSeyfertCore, 3);
  ASSERT_EQ(planted.after.gas.size(), 3U);
  EXPECT_EQ(planted.after.gas[1].shape.profile, Profile::kPoint);
}

TEST(PlantAnomalyTest, BroadAndDisturbedLinesAreWideOrDouble) {
  int winds = 0;
  for (int seed = 0; seed < kDraws; ++seed) {
    const Planted broad = Plant(Anomaly::kBroadLineCore, seed);
    const GasPart& region = broad.after.gas.back();
    EXPECT_GT(region.sigma_km_s, 1000);
    EXPECT_EQ(Strength(region, "[OIII] 5008"), 0);
    EXPECT_GT(region.halpha_flux, broad.after.gas[1].halpha_flux);

    const Planted disturbed = Plant(Anomaly::kDisturbedLines, seed);
    const GasPart& last = disturbed.after.gas.back();
    if (disturbed.after.gas.size() == 2) {
      ++winds;
      EXPECT_GT(last.sigma_km_s, 400);
    } else {
      ASSERT_EQ(disturbed.after.gas.size(), 3U);
      EXPECT_GT(disturbed.after.gas[1].velocity_km_s - last.velocity_km_s, 400);
    }
  }
  EXPECT_GT(winds, kDraws / 4);
  EXPECT_LT(winds, 3 * kDraws / 4);
}

TEST(PlantAnomalyTest, AMergerHasASecondNucleus) {
  for (int seed = 0; seed < kDraws; ++seed) {
    const Planted planted = Plant(Anomaly::kMerger, seed);
    EXPECT_EQ(planted.after.gas.size(), 2U);
    EXPECT_EQ(planted.after.stars.size(), 2 * planted.before.stars.size());
    const GasPart& second = planted.after.gas[1];
    const double distance =
        std::hypot(second.shape.orientation.x_arcsec, second.shape.orientation.y_arcsec);
    EXPECT_GE(distance, 0.89 * planted.traits.re_arcsec);
    EXPECT_GE(std::abs(second.velocity_km_s), 120);
    const double z =
        (planted.traits.z + second.velocity_km_s / kSpeedOfLightKmPerS * (1 + planted.traits.z));
    EXPECT_NEAR(planted.after.stars.back().z, z, 1e-9);
  }
}

TEST(PlantAnomalyTest, CounterRotatingGasTurnsAgainstTheStars) {
  const Planted planted = Plant(Anomaly::kCounterRotation, 5);
  EXPECT_LT(planted.after.gas[0].rotation.v_max_km_s, -50);
  EXPECT_GT(planted.after.stars[0].rotation.v_max_km_s *
                (planted.after.stars[0].shape.profile == Profile::kBulge ? 4 : 1),
            50);
}

TEST(PlantAnomalyTest, AForegroundStarIsInTheLightAndNotAtTheGalaxysRedshift) {
  const Planted planted = Plant(Anomaly::kForegroundStar, 6);
  const StellarPart& star = planted.after.stars.back();
  EXPECT_EQ(star.kind, Continuum::kForegroundStar);
  EXPECT_LT(std::abs(star.z), 3e-4);
  ASSERT_TRUE(planted.after.foreground_star.has_value());
  EXPECT_EQ(planted.after.foreground_star->x_arcsec, star.shape.orientation.x_arcsec);
}

TEST(PlantAnomalyTest, ArtefactsLeaveTheGalaxyAlone) {
  for (const Anomaly anomaly : {Anomaly::kBlowtorch, Anomaly::kDeadFibre, Anomaly::kBadFlux}) {
    const Planted planted = Plant(anomaly, 7);
    EXPECT_EQ(planted.after.gas.size(), planted.before.gas.size());
    EXPECT_EQ(planted.after.stars.size(), planted.before.stars.size());
    EXPECT_FALSE(planted.after.foreground_star.has_value());
  }
}

// Line flux of the central spaxel at a velocity from Halpha.
double NearHalpha(const GalaxyModel& model, double velocity_km_s) {
  Cube cube = EmptyCube(*FindBundleKind(19), {.plateifu = "7001-1901"});
  cube.flux.assign(std::size_t{34} * 34 * kSurveyChannels, 0.0F);
  RenderLines(model, GridOf(cube), cube);
  const double centre = SurveyChannelOf(kHalphaAngstrom * (1 + model.z));
  const auto channel = static_cast<std::size_t>(centre + velocity_km_s / kChannelKmPerS);
  return cube.flux[channel * 34 * 34 + 17 * 34 + 17];
}

// The whole way: what was planted is in the voxels, beyond [NII] and the narrow lines.
TEST(PlantAnomalyTest, BroadLinesReachFarFromHalphaInTheCube) {
  const Planted planted = Plant(Anomaly::kBroadLineCore, 8);
  EXPECT_LT(NearHalpha(planted.before, -1800), 1e-3);
  EXPECT_GT(NearHalpha(planted.after, -1800), 0.05);
}

}  // namespace
}  // namespace peculiar
