#include "core/simulate/noise.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

#include "core/base/random.h"
#include "core/simulate/raster.h"

namespace peculiar {
namespace {

struct LevelNode {
  double wavelength_angstrom;
  double level;
};
// Measured in the bright centre of real cubes (science.md section 9); the ends are carried on.
constexpr LevelNode kNodes[] = {{3600, 0.105}, {3700, 0.082}, {4200, 0.024},  {5000, 0.015},
                                {6500, 0.010}, {8500, 0.008}, {10000, 0.031}, {10400, 0.045}};

// Strong night-sky lines (vacuum, rounded) and by how much they raise the noise.
struct SkyLine {
  double wavelength_angstrom;
  double factor;
};
constexpr SkyLine kSkyLines[] = {
    {5578.9, 4}, {5891.6, 1.8}, {5897.6, 1.8}, {6302.0, 2.5}, {6365.5, 1.6}, {6865, 1.5},
    {7247, 1.5}, {7278, 2},     {7318, 1.8},   {7343, 2},     {7753, 2.2},   {7796, 2.2},
    {7823, 2.5}, {7916, 2},     {7967, 2},     {7995, 2.2},   {8027, 2},     {8347, 2.2},
    {8401, 2.5}, {8432, 2.5},   {8467, 2.2},   {8780, 2.5},   {8829, 2.5},   {8888, 2.8},
    {8922, 2.5}, {8961, 2.2},   {9379, 2.5},   {9442, 2.2},   {9479, 2.2},   {9523, 2},
    {9570, 2},   {9722, 2},     {9793, 2},     {9875, 2},     {10127, 2},    {10171, 2}};
constexpr double kSkyWidthAngstrom = 2;

double SkyFactor(double wavelength) {
  double factor = 1;
  for (const SkyLine& line : kSkyLines) {
    const double u = (wavelength - line.wavelength_angstrom) / kSkyWidthAngstrom;
    if (std::abs(u) < 5) factor += (line.factor - 1) * std::exp(-0.5 * u * u);
  }
  return factor;
}

constexpr int kKernelHalf = 6;

// Mean 0, variance 1 from the four 16-bit parts of a random number. Smoothing adds up dozens of
// these, so what comes out is Gaussian (excess kurtosis -0.03), ten times faster than exact draws.
float SumOfUniforms(std::uint64_t bits) {
  constexpr int kMean = 4 * 65535 / 2;
  const double scale = std::sqrt(12.0 / (4 * (65536.0 * 65536.0 - 1)));
  const int sum = static_cast<int>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) +
                                   (bits >> 48));
  return static_cast<float>(sum - kMean) * static_cast<float>(scale);
}

constexpr std::uint64_t kNoiseStream = 0x6e6f697365;  // "noise"

}  // namespace

double NoiseLevel(double wavelength_angstrom) {
  const double wavelength = std::clamp(wavelength_angstrom, kNodes[0].wavelength_angstrom,
                                       std::prev(std::end(kNodes))->wavelength_angstrom);
  std::size_t i = 1;
  while (i + 1 < std::size(kNodes) && wavelength > kNodes[i].wavelength_angstrom) ++i;
  const LevelNode& low = kNodes[i - 1];
  const LevelNode& high = kNodes[i];
  const double t =
      (wavelength - low.wavelength_angstrom) / (high.wavelength_angstrom - low.wavelength_angstrom);
  return std::exp((1 - t) * std::log(low.level) + t * std::log(high.level)) *
         SkyFactor(wavelength_angstrom);
}

double NoiseGrowth(double edge) { return 1 + 0.6 * edge * edge; }

CorrelatedNoise::CorrelatedNoise(int width, int height)
    : width_(width),
      height_(height),
      padded_(static_cast<std::size_t>(width + 2 * kKernelHalf) *
              static_cast<std::size_t>(height + 2 * kKernelHalf)),
      scratch_(padded_.size()),
      image_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {
  // White noise smoothed by a Gaussian of sigma s has the correlation of a Gaussian of sqrt(2) s.
  // With the squares of the kernel adding up to 1 the variance stays 1.
  const double sigma = kNoiseCorrelationPixels / std::sqrt(2.0);
  double squares = 0;
  std::vector<double> kernel;
  for (int k = -kKernelHalf; k <= kKernelHalf; ++k) {
    kernel.push_back(std::exp(-0.5 * k * k / (sigma * sigma)));
    squares += kernel.back() * kernel.back();
  }
  for (const double value : kernel) {
    kernel_.push_back(static_cast<float>(value / std::sqrt(squares)));
  }
}

std::span<const float> CorrelatedNoise::Draw(std::uint64_t seed, std::uint64_t channel) {
  Random random(seed, {kNoiseStream, channel});
  for (float& value : padded_) value = SumOfUniforms(random.Next());
  const int columns = width_ + 2 * kKernelHalf;
  ConvolveSeparable(padded_, columns, kernel_, scratch_);
  for (int y = 0; y < height_; ++y) {
    const float* row =
        padded_.data() + static_cast<std::ptrdiff_t>(y + kKernelHalf) * columns + kKernelHalf;
    std::copy_n(row, width_, image_.data() + static_cast<std::ptrdiff_t>(y) * width_);
  }
  return image_;
}

float RoundToBits(float value, int bits) {
  const auto pattern = std::bit_cast<std::uint32_t>(value);
  if ((pattern & 0x7f800000U) == 0x7f800000U) return value;
  const std::uint32_t unit = std::uint32_t{1} << (24 - bits);
  return std::bit_cast<float>((pattern + unit / 2) & ~(unit - 1));
}

void AddNoise(std::span<const float> unit_noise, std::span<const float> level,
              std::span<const float> lines, std::span<float> flux, std::span<float> ivar) {
  constexpr int kIvarBits = 8;
  for (std::size_t i = 0; i < flux.size(); ++i) {
    if (!(level[i] > 0)) {
      flux[i] = 0;
      ivar[i] = 0;
      continue;
    }
    const float variance =
        level[i] * level[i] + static_cast<float>(kLineVariance) * std::max(0.0F, lines[i]);
    ivar[i] = RoundToBits(1 / variance, kIvarBits);
    flux[i] += unit_noise[i] / std::sqrt(ivar[i]);
  }
}

}  // namespace peculiar
