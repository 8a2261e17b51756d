#include "core/dataset/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/support/fake_cubes.h"

namespace peculiar {
namespace {

constexpr int kSize = 8;
constexpr int kChannels = 10;

// Every spaxel has its own flux 1 + y * size + x + 100 channel, ivar = 2 flux; nothing masked.
LineCube Numbered() {
  LineCube cube{.channels = kChannels, .size = kSize};
  for (std::size_t i = 0; i < cube.voxels(); ++i) {
    cube.flux.push_back(static_cast<float>(1 + i % 64 + 100 * (i / 64)));
    cube.ivar.push_back(2 * cube.flux.back());
  }
  cube.mask.assign(cube.voxels(), 0);
  return cube;
}

SampleView ViewOf(const LineCube& cube) { return {cube.flux, cube.ivar, cube.mask}; }

LineCube AugmentWith(const LineCube& cube, const AugmentOptions& options, std::uint64_t seed) {
  Random random(seed);
  return Augment(ViewOf(cube), cube.channels, cube.size, options, random);
}

TEST(AugmentTest, WithoutNoiseAndShiftGivesTheEightSymmetriesOfTheSquare) {
  const LineCube cube = Numbered();
  std::set<std::vector<float>> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const LineCube out = AugmentWith(cube, {.noise_scale = 0, .max_shift = 0}, seed);
    seen.insert(out.flux);
    std::vector<float> first(out.flux.begin(), out.flux.begin() + 64);
    std::sort(first.begin(), first.end());
    for (int i = 0; i < 64; ++i) ASSERT_EQ(first[i], 1 + i);  // a permutation, channel by channel
    for (std::size_t i = 0; i < out.voxels(); ++i) ASSERT_EQ(out.ivar[i], 2 * out.flux[i]);
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST(AugmentTest, FlipComesBeforeRotationAndAStepTakesXToY) {
  const LineCube cube = Numbered();
  // The draws as documented, made here by hand.
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const bool flip = random.Below(2) == 1;
    const auto turns = random.Below(4);
    LineCube expected = cube;
    for (int channel = 0; channel < kChannels; ++channel) {
      for (int y = 0; y < kSize; ++y) {
        for (int x = 0; x < kSize; ++x) {
          int to_x = flip ? kSize - 1 - x : x;
          int to_y = y;
          for (std::uint64_t turn = 0; turn < turns; ++turn) {
            const int old_x = to_x;
            to_x = kSize - 1 - to_y;  // +x goes to +y, +y to -x
            to_y = old_x;
          }
          expected.flux[(channel * kSize + to_y) * kSize + to_x] =
              cube.flux[(channel * kSize + y) * kSize + x];
        }
      }
    }
    EXPECT_EQ(AugmentWith(cube, {.noise_scale = 0, .max_shift = 0}, seed).flux, expected.flux);
  }
}

TEST(AugmentTest, ShiftsByUpToFiveAndMasksWhatComesIn) {
  LineCube cube{.channels = 1, .size = 32};
  cube.flux.assign(cube.voxels(), 0);
  cube.ivar.assign(cube.voxels(), 1);
  cube.mask.assign(cube.voxels(), 0);
  std::set<int> shifts_x, shifts_y;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const LineCube out = AugmentWith(cube, {.noise_scale = 0}, seed);
    // The kept square's corner tells the shift.
    std::size_t kept = 0;
    int x_min = 32, x_max = -1, y_min = 32, y_max = -1;
    for (int i = 0; i < 1024; ++i) {
      if (out.mask[i] != 0) {
        ASSERT_EQ(out.ivar[i], 0);
        ASSERT_EQ(out.flux[i], 0);
        continue;
      }
      ++kept;
      x_min = std::min(x_min, i % 32), x_max = std::max(x_max, i % 32);
      y_min = std::min(y_min, i / 32), y_max = std::max(y_max, i / 32);
    }
    const int dx = x_min > 0 ? x_min : x_max - 31;
    const int dy = y_min > 0 ? y_min : y_max - 31;
    ASSERT_EQ(kept, static_cast<std::size_t>((32 - std::abs(dx)) * (32 - std::abs(dy))));
    shifts_x.insert(dx);
    shifts_y.insert(dy);
  }
  EXPECT_EQ(shifts_x, (std::set<int>{-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(shifts_y, shifts_x);
}

TEST(AugmentTest, NoiseHasTheScaleOfTheErrorsAndSparesMaskedVoxels) {
  LineCube cube{.channels = 190, .size = 32};
  cube.flux.assign(cube.voxels(), 7);
  cube.ivar.assign(cube.voxels(), 4);
  cube.mask.assign(cube.voxels(), 0);
  for (std::size_t i = 0; i < cube.voxels(); i += 3) {
    cube.mask[i] = 1;
    cube.flux[i] = cube.ivar[i] = 0;
  }
  const LineCube out = AugmentWith(cube, {.noise_scale = 0.1, .max_shift = 0}, 5);
  double sum = 0, square = 0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < out.voxels(); ++i) {
    if (out.mask[i] != 0) {
      ASSERT_EQ(out.flux[i], 0);
      continue;
    }
    const double noise = out.flux[i] - 7.0;
    sum += noise, square += noise * noise, ++n;
  }
  // sigma = 0.1 / sqrt(4) = 0.05; n = 129,706, so the mean is within 5 sigma / sqrt(n).
  EXPECT_NEAR(sum / n, 0, 7e-4);
  EXPECT_NEAR(std::sqrt(square / n), 0.05, 5e-4);
}

TEST(AugmentTest, SameRandomSameCopyOtherRandomOtherCopy) {
  const LineCube cube = RandomLineCube(10, 32, 1);
  const LineCube first = AugmentWith(cube, {}, 9);
  EXPECT_EQ(first.flux, AugmentWith(cube, {}, 9).flux);
  EXPECT_NE(first.flux, AugmentWith(cube, {}, 10).flux);
}

}  // namespace
}  // namespace peculiar
