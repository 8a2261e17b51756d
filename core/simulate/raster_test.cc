#include "core/simulate/raster.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

RasterGrid Grid(int size) { return {size, size, size / 2.0, size / 2.0}; }

double Total(const Raster& image) { return std::accumulate(image.begin(), image.end(), 0.0); }

// Variance along x of the light about its own mean.
double VarianceX(const Raster& image, const RasterGrid& grid) {
  double sum = 0;
  double first = 0;
  double second = 0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    const auto x = static_cast<double>(i % grid.columns());
    sum += image[i];
    first += image[i] * x;
    second += image[i] * x * x;
  }
  return second / sum - first / sum * (first / sum);
}

TEST(RasterTest, LightAddsUpToOne) {
  const RasterGrid grid = Grid(80);
  for (const double inclination : {0.0, 60.0}) {
    Shape shape{Profile::kDisc, {0.4, -0.3, inclination, 30}, 2.5};
    EXPECT_NEAR(Total(LightOf(shape, grid)), 1, 0.005);
    shape.profile = Profile::kBulge;
    shape.half_light_arcsec = 1.2;
    shape.sersic_index = 2;
    EXPECT_NEAR(Total(LightOf(shape, grid)), 1, 0.02);
    shape.profile = Profile::kPoint;
    shape.orientation.inclination_deg = 0;
    EXPECT_NEAR(Total(LightOf(shape, grid)), 1, 1e-4);
  }
}

TEST(RasterTest, HalfTheLightLiesWithinTheHalfLightRadius) {
  const RasterGrid grid = Grid(90);
  for (const Profile profile : {Profile::kDisc, Profile::kBulge}) {
    const Shape shape{profile, {}, 4, 1.5};
    const Raster image = LightOf(shape, grid);
    double inside = 0;
    for (std::size_t i = 0; i < image.size(); ++i) {
      const double x = grid.OffsetX(static_cast<double>(i % grid.columns()));
      const double y = grid.OffsetY(static_cast<double>(i / grid.columns()));
      if (std::hypot(x, y) <= 4) inside += image[i];
    }
    EXPECT_NEAR(inside, 0.5, 0.01);
  }
}

TEST(RasterTest, APointIsSeenWithThePsfsWidth) {
  const RasterGrid grid = Grid(34);
  const Raster point = LightOf({Profile::kPoint, {0.2, 0.1}}, grid);
  const double fwhm_arcsec = 2.3548 * std::sqrt(VarianceX(point, grid)) * kSpaxelArcsec;
  EXPECT_NEAR(fwhm_arcsec, 2.54, 0.01);
}

TEST(RasterTest, TheBlurIsThePsfAndKeepsFlux) {
  const RasterGrid grid = Grid(34);
  Raster image(grid.size());
  image[25 * grid.columns() + 25] = 3;
  PsfBlur(grid).Apply(image);
  EXPECT_NEAR(Total(image), 3, 1e-5);
  EXPECT_NEAR(2.3548 * std::sqrt(VarianceX(image, grid)) * kSpaxelArcsec, 2.54, 0.02);
  // The same as the point's own image.
  const RasterGrid centred{34, 34, 25.0 - RasterGrid::kPad, 25.0 - RasterGrid::kPad};
  const Raster point = LightOf({Profile::kPoint, {}}, centred);
  EXPECT_NEAR(image[25 * grid.columns() + 25], 3 * point[25 * grid.columns() + 25], 1e-4);
  EXPECT_NEAR(image[29 * grid.columns() + 24], 3 * point[29 * grid.columns() + 24], 1e-4);
}

TEST(RasterTest, RotationFollowsTheMajorAxis) {
  const RasterGrid grid = Grid(34);
  const Rotation rotation{200, 1.5};
  const Raster velocity = VelocityOf({0, 0, 60, 0}, rotation, grid);
  const auto at = [&](int dx, int dy) {
    return velocity[static_cast<std::size_t>(17 + RasterGrid::kPad + dy) * grid.columns() + 17 +
                    RasterGrid::kPad + dx];
  };
  const double expected = 200 * std::tanh(8 * kSpaxelArcsec / 1.5) * std::sin(std::numbers::pi / 3);
  EXPECT_NEAR(at(0, 8), expected, 0.01);
  EXPECT_NEAR(at(0, -8), -expected, 0.01);
  EXPECT_NEAR(at(8, 0), 0, 1e-3);
  EXPECT_NEAR(at(0, 0), 0, 1e-6);
  // From +y towards -x: north through east, as the sky lies in a MaNGA cube.
  EXPECT_GT(VelocityOf({0, 0, 60, 90}, rotation, grid)[25 * grid.columns() + 20], 100);
}

}  // namespace
}  // namespace peculiar
