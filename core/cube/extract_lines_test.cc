#include "core/cube/extract_lines.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/cube/quality.h"

namespace peculiar {
namespace {

// A cube on the MaNGA grid cut to `channels`, flux = channel + x / 100 + y / 10000, ivar 4, nothing
// masked.
Cube MakeCube(int channels, int width, int height, double object_x, double object_y) {
  std::vector<double> wave(channels);
  for (int i = 0; i < channels; ++i) wave[i] = std::pow(10, 3.5589 + 1e-4 * i);
  Cube cube{.axis = *SpectralAxis::Create(wave),
            .object_x = object_x,
            .object_y = object_y,
            .width = width,
            .height = height};
  for (int c = 0; c < channels; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        cube.flux.push_back(static_cast<float>(c) + x / 100.0F + y / 10000.0F);
      }
    }
  }
  cube.ivar.assign(cube.flux.size(), 4.0F);
  cube.mask.assign(cube.flux.size(), 0);
  return cube;
}

const LineList kOneLine = {{"line", 3621.596 * 1.001}};

std::size_t At(int channel, int y, int x) { return (channel * 32 + y) * 32 + x; }

TEST(ExtractLinesTest, WindowHoldsTheTenNearestPixels) {
  const Cube cube = MakeCube(40, 34, 34, 17, 17);
  const double on_pixel_20 = cube.axis.wavelength_angstrom()[20];
  const double past_pixel_20 = std::pow(10, 3.5589 + 1e-4 * 20.4);
  EXPECT_EQ(WindowStart(cube.axis, past_pixel_20, 0), 16);  // 16 .. 25 around 20.4
  EXPECT_NEAR(WindowStart(cube.axis, on_pixel_20, 0), 15.5, 0.5);
  EXPECT_EQ(WindowStart(cube.axis, past_pixel_20 / 1.05, 0.05), 16);
}

TEST(ExtractLinesTest, ObjectSpaxelComesToIndexSixteen) {
  const Cube cube = MakeCube(40, 40, 44, 20.3, 23.6);
  const LineList lines = {{"line", std::pow(10, 3.5589 + 1e-4 * 20.4)}};
  const auto result = ExtractLines(cube, lines, 0);
  ASSERT_TRUE(result.ok()) << result.status();
  // The nearest spaxel is (20, 24); the window starts at channel 16.
  EXPECT_EQ(result->line_cube.flux[At(0, 16, 16)], 16 + 20 / 100.0F + 24 / 10000.0F);
  EXPECT_EQ(result->quality.coverage, 1);
}

TEST(ExtractLinesTest, OutsideTheCubeIsMaskedZero) {
  const Cube cube = MakeCube(40, 20, 20, 10, 10);
  const auto result = ExtractLines(cube, {{"line", cube.axis.wavelength_angstrom()[2]}}, 0);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->line_cube.mask[At(9, 0, 0)], 1);    // left of the cube
  EXPECT_EQ(result->line_cube.mask[At(0, 16, 16)], 1);  // below channel 0
  EXPECT_EQ(result->line_cube.mask[At(9, 16, 16)], 0);
  EXPECT_DOUBLE_EQ(result->quality.coverage, 400.0 / 1024);
  EXPECT_EQ(result->quality.lines_off_grid, 0);
}

TEST(ExtractLinesTest, BadVoxelsBecomeMaskedZeroAndOtherBitsPass) {
  Cube cube = MakeCube(30, 34, 34, 17, 17);
  const LineList lines = {{"line", std::pow(10, 3.5589 + 1e-4 * 14.4)}};  // channels 10 .. 19
  auto in = [&](int x) { return (static_cast<std::size_t>(10) * 34 + 17) * 34 + x; };
  cube.mask[in(10)] = kPixelDoNotUse;
  cube.ivar[in(11)] = 0;
  cube.ivar[in(12)] = -1;
  cube.flux[in(13)] = std::numeric_limits<float>::quiet_NaN();
  cube.ivar[in(14)] = std::numeric_limits<float>::infinity();
  cube.mask[in(15)] = kPixelForeStar | kPixelLowCoverage;
  cube.flux[in(16)] = -0.0F;
  const auto result = ExtractLines(cube, lines, 0);
  ASSERT_TRUE(result.ok());
  const LineCube& out = result->line_cube;
  for (int x = 9; x < 14; ++x) {  // cube x - 1: the crop starts at spaxel 1
    EXPECT_EQ(out.mask[At(0, 16, x)], 1) << x;
    EXPECT_EQ(out.flux[At(0, 16, x)], 0);
    EXPECT_EQ(out.ivar[At(0, 16, x)], 0);
  }
  EXPECT_EQ(out.mask[At(0, 16, 14)], 0);
  EXPECT_EQ(out.mask[At(0, 16, 15)], 0);
  EXPECT_TRUE(std::signbit(out.flux[At(0, 16, 15)]));
}

TEST(ExtractLinesTest, RefusesWhenNothingIsLeft) {
  Cube cube = MakeCube(30, 34, 34, 17, 17);
  EXPECT_NE(MessageOf(ExtractLines(cube, kOneLine, 3).status()).find("no line"),
            std::string_view::npos);
  cube.mask.assign(cube.mask.size(), kPixelDoNotUse);
  EXPECT_NE(MessageOf(ExtractLines(cube, kOneLine, 0).status()).find("masked"),
            std::string_view::npos);
  cube.object_x = std::nan("");
  EXPECT_FALSE(ExtractLines(cube, kOneLine, 0).ok());
}

}  // namespace
}  // namespace peculiar
