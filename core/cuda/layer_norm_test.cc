#include "core/cuda/layer_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.h"

namespace peculiar {
namespace {

constexpr int kLanes = 16;
constexpr float kEpsilon = 1e-3f;

// On the host one caller holds a whole pixel.
using Pixel = PixelPart<kLanes / 4>;
struct Alone {
  float operator()(float value) const { return value; }
};

Pixel RandomPixel(std::uint64_t seed) {
  Random random(seed);
  Pixel pixel = {};
  for (Four& four : pixel.values) {
    for (float& value : four.values) value = static_cast<float>(3 + random.Normal());
  }
  return pixel;
}

double At(const Pixel& pixel, int channel) {
  return static_cast<double>(pixel.values[channel / 4].values[channel % 4]);
}

// The formula, in double.
std::vector<double> Normalised(const Pixel& x, const Pixel& gamma, const Pixel& beta) {
  double mean = 0, variance = 0;
  for (int c = 0; c < kLanes; ++c) mean += At(x, c) / kLanes;
  for (int c = 0; c < kLanes; ++c) variance += std::pow(At(x, c) - mean, 2) / kLanes;
  std::vector<double> y;
  for (int c = 0; c < kLanes; ++c) {
    y.push_back(At(gamma, c) * (At(x, c) - mean) / std::sqrt(variance + double{kEpsilon}) +
                At(beta, c));
  }
  return y;
}

TEST(LayerNormTest, IsTheFormula) {
  const Pixel input = RandomPixel(1), gamma = RandomPixel(2), beta = RandomPixel(3);
  Pixel y = input;
  Normalise(y, kLanes, kEpsilon, Alone());
  ScaleAndShift(gamma, beta, y);
  const std::vector<double> expected = Normalised(input, gamma, beta);
  for (int c = 0; c < kLanes; ++c) EXPECT_NEAR(At(y, c), expected[c], 1e-5) << c;
}

TEST(LayerNormTest, GradientIsThatOfDifferences) {
  const Pixel input = RandomPixel(4), gamma = RandomPixel(5), beta = RandomPixel(6);
  const Pixel weights = RandomPixel(7);  // of the outputs in the sum whose gradient is taken
  const auto sum_at = [&](const Pixel& x) {
    double sum = 0;
    const std::vector<double> y = Normalised(x, gamma, beta);
    for (int c = 0; c < kLanes; ++c) sum += At(weights, c) * y[static_cast<std::size_t>(c)];
    return sum;
  };
  Pixel normal = input, gradient = weights;
  const float scale = Normalise(normal, kLanes, kEpsilon, Alone());
  NormaliseBackward(normal, gamma, scale, kLanes, Alone(), gradient);
  for (int c = 0; c < kLanes; ++c) {
    constexpr float kStep = 1.0f / 64;
    Pixel above = input, below = input;
    above.values[c / 4].values[c % 4] += kStep;
    below.values[c / 4].values[c % 4] -= kStep;
    const double slope = (sum_at(above) - sum_at(below)) / (2 * double{kStep});
    EXPECT_NEAR(At(gradient, c), slope, 2e-3 * (1 + std::abs(slope))) << c;
  }
}

TEST(LayerNormTest, ChoosesBlocksByItemsUpToItsMost) {
  LayerNormCall<float> call;
  call.lanes = 16;
  call.pixels = 65;  // 260 threads
  EXPECT_EQ(LayerNormBlocks(call), 2);
  call.pixels = 100'000'000;
  EXPECT_EQ(LayerNormBlocks(call), kLayerNormBlocks);
  for (const int lanes : {4, 8, 128}) EXPECT_TRUE(LayerNormTakes(lanes)) << lanes;
  for (const int lanes : {1, 2, 12, 24, 256}) EXPECT_FALSE(LayerNormTakes(lanes)) << lanes;
}

}  // namespace
}  // namespace peculiar
