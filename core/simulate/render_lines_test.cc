#include "core/simulate/render_lines.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/simulate/dust.h"
#include "core/simulate/render_cube.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

constexpr int kSize = 34;

// A model of one gas part at z = 0.03.
GalaxyModel OneGasPart(Profile profile) {
  GalaxyModel model;
  GasPart gas;
  gas.shape = {profile, {0, 0, 50, 20}, 1.2};
  gas.halpha_flux = 200;
  gas.centre = gas.outskirts = StrengthsOf({});
  model.gas.push_back(gas);
  return model;
}

struct Rendered {
  Cube cube;
  RasterGrid grid;
};

Rendered Render(const GalaxyModel& model) {
  Rendered result{EmptyCube(*FindBundleKind(19), {.plateifu = "7001-1901"}), {}};
  result.cube.flux.assign(static_cast<std::size_t>(kSize) * kSize * kSurveyChannels, 0.0F);
  result.grid = GridOf(result.cube);
  RenderLines(model, result.grid, result.cube);
  return result;
}

// Flux, mean and standard deviation in km/s of a line, in the whole image or one spaxel.
struct Moments {
  double flux = 0;
  double velocity = 0;
  double sigma = 0;
};
Moments MomentsOf(const Cube& cube, double rest, double z, int half_width, int spaxel = -1) {
  const double centre = SurveyChannelOf(rest * (1 + z));
  double first = 0;
  double second = 0;
  Moments moments;
  const int middle = static_cast<int>(std::lround(centre));
  for (int channel = middle - half_width; channel <= middle + half_width; ++channel) {
    double sum = 0;
    for (int i = 0; i < kSize * kSize; ++i) {
      if (spaxel < 0 || i == spaxel) sum += cube.flux[channel * kSize * kSize + i];
    }
    sum *= ChannelWidthAngstrom(channel);
    moments.flux += sum;
    first += sum * (channel - centre);
    second += sum * (channel - centre) * (channel - centre);
  }
  first /= moments.flux;
  moments.velocity = first * kChannelKmPerS;
  moments.sigma = std::sqrt(second / moments.flux - first * first) * kChannelKmPerS;
  return moments;
}

constexpr double kOiii = 5008.240;  // stands alone

TEST(RenderLinesTest, IntegratedFluxIsTheInput) {
  for (const Profile profile : {Profile::kPoint, Profile::kDisc}) {
    const GalaxyModel model = OneGasPart(profile);
    const Rendered rendered = Render(model);
    const double expected = 200 * model.gas[0].centre[SimulatedLineIndex("[OIII] 5008")];
    // What of a disc and of its sampling lies outside the cube is below one per cent.
    const double tolerance = profile == Profile::kPoint ? 1e-3 : 1e-2;
    EXPECT_NEAR(MomentsOf(rendered.cube, kOiii, 0.03, 9).flux / expected, 1, tolerance);
  }
}

TEST(RenderLinesTest, WidthIsInstrumentGasAndChannel) {
  GalaxyModel model = OneGasPart(Profile::kPoint);
  model.gas[0].sigma_km_s = 120;
  model.gas[0].velocity_km_s = -150;
  const Moments moments = MomentsOf(Render(model).cube, kOiii, 0.03, 20);
  const double channel = kChannelKmPerS / std::sqrt(12);
  EXPECT_NEAR(moments.sigma, std::hypot(120, 70, channel), 0.5);
  EXPECT_NEAR(moments.velocity, -150, 0.5);
}

TEST(RenderLinesTest, BalmerDecrementTellsTheDust) {
  GalaxyModel model = OneGasPart(Profile::kPoint);
  model.gas[0].av_mag = 1;
  model.ebv_mag = 0.05;
  const Cube cube = Render(model).cube;
  const double decrement = MomentsOf(cube, kHalphaAngstrom, 0.03, 5).flux /
                           MomentsOf(cube, kHbetaAngstrom, 0.03, 5).flux;
  const double expected = 2.86 * InternalTransmission(1, kHalphaAngstrom) /
                          InternalTransmission(1, kHbetaAngstrom) *
                          GalacticTransmission(0.05, kHalphaAngstrom * 1.03) /
                          GalacticTransmission(0.05, kHbetaAngstrom * 1.03);
  EXPECT_GT(decrement, 3.3);
  EXPECT_NEAR(decrement / expected, 1, 0.002);
}

TEST(RenderLinesTest, APointHasThePsfsWidthInEveryLine) {
  const Rendered rendered = Render(OneGasPart(Profile::kPoint));
  const int channel = static_cast<int>(std::lround(SurveyChannelOf(kOiii * 1.03)));
  double sum = 0;
  double second = 0;
  for (int i = 0; i < kSize * kSize; ++i) {
    const double flux = rendered.cube.flux[channel * kSize * kSize + i];
    const double dx = i % kSize - rendered.cube.object_x;
    sum += flux;
    second += flux * dx * dx;
  }
  EXPECT_NEAR(2.3548 * std::sqrt(second / sum) * kSpaxelArcsec, 2.54, 0.02);
}

TEST(RenderLinesTest, CounterRotationTurnsTheVelocitiesAround) {
  GalaxyModel model = OneGasPart(Profile::kDisc);
  model.gas[0].shape = {Profile::kDisc, {0, 0, 60, 0}, 3};
  model.gas[0].rotation = {200, 1};
  const int above = (17 + 8) * kSize + 17;
  const int below = (17 - 8) * kSize + 17;
  const Cube cube = Render(model).cube;
  const double velocity = MomentsOf(cube, kOiii, 0.03, 9, above).velocity;
  EXPECT_GT(velocity, 100);
  EXPECT_NEAR(MomentsOf(cube, kOiii, 0.03, 9, below).velocity, -velocity, 0.5);
  model.gas[0].rotation.v_max_km_s = -200;
  EXPECT_NEAR(MomentsOf(Render(model).cube, kOiii, 0.03, 9, above).velocity, -velocity, 0.5);
}

TEST(RenderLinesTest, BeamSmearingWidensTheMiddleOfARotatingDisc) {
  GalaxyModel model = OneGasPart(Profile::kDisc);
  model.gas[0].shape = {Profile::kDisc, {0, 0, 60, 0}, 3};
  model.gas[0].rotation = {250, 0.5};
  const Cube cube = Render(model).cube;
  const double middle = MomentsOf(cube, kOiii, 0.03, 9, 17 * kSize + 17).sigma;
  const double outside = MomentsOf(cube, kOiii, 0.03, 9, 27 * kSize + 17).sigma;
  EXPECT_GT(middle, 1.4 * outside);
}

TEST(RenderLinesTest, PeakIsTheBrightestSpaxelOfTheMap) {
  const GalaxyModel model = OneGasPart(Profile::kPoint);
  const Rendered rendered = Render(model);
  const double peak = HalphaPeak(model, rendered.grid);
  EXPECT_NEAR(peak, 200 / (2 * std::numbers::pi * kPsfSigmaPixels * kPsfSigmaPixels), 0.01);
  const double seen = MomentsOf(rendered.cube, kOiii, 0.03, 9, 17 * kSize + 17).flux /
                      model.gas[0].centre[SimulatedLineIndex("[OIII] 5008")];
  EXPECT_NEAR(seen, peak, 1e-3 * peak);
}

TEST(RenderLinesTest, LinesBeyondTheGridAreLeftOut) {
  GalaxyModel model = OneGasPart(Profile::kDisc);
  model.z = 1.7;  // all optical lines redward of [OIII] fall off the end
  const Cube cube = Render(model).cube;
  for (const float value : cube.flux) ASSERT_TRUE(std::isfinite(value));
  EXPECT_GT(MomentsOf(cube, 3727.092, 1.7, 9).flux, 0);
}

}  // namespace
}  // namespace peculiar
