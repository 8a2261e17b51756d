#include "core/simulate/render_cube.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/cube/quality.h"
#include "core/simulate/artefacts.h"
#include "core/simulate/render_lines.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

const BundleKind& Small() { return *FindBundleKind(19); }

GalaxyModel Disc() {
  GalaxyModel model;
  StellarPart stars;
  stars.z = model.z;
  stars.flux_5500 = 60;
  stars.rotation = {150, 1};
  stars.shape.orientation.inclination_deg = 60;
  model.stars.push_back(stars);
  GasPart gas;
  gas.halpha_flux = 3000;
  gas.centre = gas.outskirts = StrengthsOf({});
  model.gas.push_back(gas);
  return model;
}

Observation Observe() {
  return {.plateifu = "7001-1901",
          .mangaid = "99-000001",
          .ra_deg = 150,
          .dec_deg = 40,
          .offset_x_arcsec = 0.3,
          .offset_y_arcsec = -0.2,
          .seed = 11};
}

// Rendered once: half a second each.
const Cube& Plain() {
  static const Cube cube = RenderCube(Disc(), Small(), Observe());
  return cube;
}

TEST(FootprintTest, IsAHexagonOfTheBundlesSize) {
  for (const BundleKind& kind : kBundleKinds) {
    const Footprint footprint = FootprintOf(kind);
    const int middle = kind.spaxels / 2;
    double covered = 0;
    int width = 0;
    int height = 0;
    for (int y = 0; y < kind.spaxels; ++y) {
      for (int x = 0; x < kind.spaxels; ++x) {
        const bool inside = footprint.covered(static_cast<std::size_t>(y) * kind.spaxels + x);
        covered += inside;
        width += inside && y == middle;
        height += inside && x == middle;
      }
    }
    const double corner = (kind.diameter_arcsec / 2 + 1.6) / 0.5;
    EXPECT_NEAR(covered / (1.5 * std::sqrt(3) * corner * corner), 1, 0.03) << kind.fibres;
    EXPECT_NEAR(width, 2 * corner, 1.5);
    EXPECT_NEAR(height, std::sqrt(3) * corner, 1.5);
    EXPECT_EQ(footprint.mask.front(), kMaskNoData);
  }
}

TEST(RenderCubeTest, TheObjectIsWhereTheObservationPutsIt) {
  const Cube cube = EmptyCube(Small(), Observe());
  EXPECT_NEAR(cube.object_x, 17 + 0.6, 1e-5);
  EXPECT_NEAR(cube.object_y, 17 - 0.4, 1e-5);
  EXPECT_EQ(cube.frame.crpix[0], 18);
}

TEST(RenderCubeTest, SpaxelsOutsideTheFootprintAreEmpty) {
  const Footprint footprint = FootprintOf(Small());
  std::map<std::int32_t, int> masks;
  for (std::size_t i = 0; i < Plain().flux.size(); i += 37) {
    const std::int32_t expected = footprint.mask[i % footprint.mask.size()];
    ++masks[expected];
    ASSERT_EQ(Plain().mask[i], expected);
    if (expected == 0) {
      ASSERT_GT(Plain().ivar[i], 0);
      ASSERT_TRUE(std::isfinite(Plain().flux[i]));
    } else {
      ASSERT_EQ(Plain().ivar[i], 0);
      ASSERT_EQ(Plain().flux[i], 0);
    }
  }
  EXPECT_EQ(masks.size(), 3U);  // 0, 1026 and 1027 all occur
}

// The noise cancels in the mean of both, so that a second draw is the truth of the first.
TEST(RenderCubeTest, TwoDrawsDifferAsTheirInverseVariancesSay) {
  Observation again = Observe();
  again.seed = 12;
  const Cube other = RenderCube(Disc(), Small(), again);
  double chi2 = 0;
  long n = 0;
  for (std::size_t i = 0; i < other.flux.size(); ++i) {
    if (other.mask[i] != 0) continue;
    ASSERT_EQ(other.ivar[i], Plain().ivar[i]);
    const double difference = other.flux[i] - Plain().flux[i];
    chi2 += difference * difference * other.ivar[i] / 2;
    ++n;
  }
  EXPECT_NEAR(chi2 / static_cast<double>(n), 1, 0.01);
}

TEST(RenderCubeTest, BrightLinesHaveMoreVariance) {
  const int channel = static_cast<int>(std::lround(SurveyChannelOf(kHalphaAngstrom * 1.03)));
  const std::size_t spaxels = 34 * 34;
  const std::size_t middle = 17 * 34 + 17;
  const float on_line = Plain().ivar[channel * spaxels + middle];
  const float beside = Plain().ivar[(channel + 20) * spaxels + middle];
  const float line =
      Plain().flux[channel * spaxels + middle] - Plain().flux[(channel + 20) * spaxels + middle];
  EXPECT_GT(line, 0.5F);
  EXPECT_NEAR(1 / on_line - 1 / beside, 4e-4 * line, 0.15 * 4e-4 * line);
}

TEST(RenderCubeTest, TheSameArgumentsGiveTheSameVoxels) {
  const Cube again = RenderCube(Disc(), Small(), Observe());
  EXPECT_EQ(again.flux, Plain().flux);
  EXPECT_EQ(again.ivar, Plain().ivar);
}

TEST(ArtefactsTest, AForegroundStarIsFlaggedWhereItShines) {
  Cube cube = Plain();
  FlagForegroundStar({2, 1}, cube);
  const auto spaxel = [&](double dx, double dy) {
    return static_cast<std::size_t>(std::lround(cube.object_y + dy)) * 34 +
           static_cast<std::size_t>(std::lround(cube.object_x + dx));
  };
  EXPECT_EQ(cube.mask[spaxel(4, 2)], kPixelForeStar);
  EXPECT_EQ(cube.mask[spaxel(4, 2) + 34 * 34 * 4000], kPixelForeStar);
  EXPECT_EQ(cube.mask[spaxel(-6, 2)], 0);
  EXPECT_EQ(cube.mask[0], kMaskNoData);
}

TEST(ArtefactsTest, ADeadFibreDimsAPatchAndFlagsIt) {
  Cube cube = Plain();
  Random random(3);
  AddDeadFibre(random, cube);
  double before = 0;
  double after = 0;
  int flagged = 0;
  const std::size_t plane = std::size_t{2500} * 34 * 34;
  for (std::size_t i = plane; i < plane + 34 * 34; ++i) {
    if ((cube.mask[i] & kPixelDeadFibre) == 0) continue;
    EXPECT_EQ(cube.mask[i] & kPixelDoNotUse, 0);
    ++flagged;
    before += Plain().flux[i];
    after += cube.flux[i];
  }
  EXPECT_GT(flagged, 15);
  EXPECT_LT(after, 0.6 * before);
  EXPECT_EQ(cube.ivar, Plain().ivar);
}

TEST(ArtefactsTest, ABlowtorchOutshinesTheGalaxyInAStripe) {
  Cube cube = Plain();
  Random random(4);
  AddBlowtorch(0.03, random, cube);
  const int channel = static_cast<int>(SurveyChannelOf(kHalphaAngstrom * 1.03));
  const std::size_t plane = static_cast<std::size_t>(channel) * 34 * 34;
  int bright = 0;
  int touched = 0;
  for (std::size_t i = plane; i < plane + 34 * 34; ++i) {
    bright += cube.flux[i] - Plain().flux[i] > 1;
    touched += cube.flux[i] != 0;
  }
  EXPECT_GT(bright, 40);
  EXPECT_LT(bright, touched / 2);
  EXPECT_EQ(cube.flux[plane % (34 * 34) + 34 * 17 + 17], Plain().flux[34 * 17 + 17]);  // far blue
  EXPECT_EQ(*cube.header.drp3qual, kQualityBlowtorch | kQualityCritical);
}

TEST(ArtefactsTest, ABadFluxScaleKeepsTheSignalToNoise) {
  Cube cube = Plain();
  Random random(5);
  AddBadFlux(random, cube);
  EXPECT_EQ(*cube.header.drp3qual, kQualityBadFlux | kQualityCritical);
  const std::size_t i = std::size_t{2500} * 34 * 34 + 17 * 34 + 17;
  const double scale = cube.flux[i] / Plain().flux[i];
  EXPECT_GT(scale, 2.4);
  EXPECT_LT(scale, 4.1);
  EXPECT_NEAR(cube.flux[i] * std::sqrt(cube.ivar[i]), Plain().flux[i] * std::sqrt(Plain().ivar[i]),
              1e-3 * cube.flux[i] * std::sqrt(cube.ivar[i]));
}

}  // namespace
}  // namespace peculiar
