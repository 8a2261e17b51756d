// The noise of a MaNGA cube: its level over wavelength, its correlation between spaxels, and the
// inverse variance that goes with it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/simulate/footprint.h"

namespace peculiar {

inline constexpr double kNoiseCorrelationPixels = 1.92;  // rho = exp(-0.5 (d / 1.92 px)^2)
inline constexpr double kLineVariance = 4e-4;            // variance per unit of line flux

// Standard deviation of a spaxel's flux at the centre of a bundle, 1e-17 erg/s/cm^2/A, at an
// observed wavelength: 0.082 at 3700 A, 0.010 at 6500, 0.031 at 10000, higher under strong sky
// lines.
double NoiseLevel(double wavelength_angstrom);

// How much higher the noise is towards the rim of a bundle: 1 where edge is 0, 1.6 where it is 1.
double NoiseGrowth(double edge);

// Gaussian noise of variance 1, correlated between spaxels, independent between channels.
class CorrelatedNoise {
 public:
  CorrelatedNoise(int width, int height);
  // One image [y][x], a pure function of the seed. Valid until the next call.
  std::span<const float> Draw(std::uint64_t seed, std::uint64_t channel);

 private:
  int width_;
  int height_;
  std::vector<float> kernel_;
  std::vector<float> padded_;
  std::vector<float> scratch_;
  std::vector<float> image_;
};

// Puts noise on one channel. `level` is the standard deviation per spaxel without the lines' own
// (<= 0: no data), `lines` the line flux. Writes ivar (one over the variance that is drawn from,
// eight significant bits) and adds the noise to flux; spaxels without data get 0 in both.
void AddNoise(std::span<const float> unit_noise, std::span<const float> level,
              std::span<const float> lines, std::span<float> flux, std::span<float> ivar);

// Rounds to `bits` significant bits (1..24), so that files compress; 0, infinity and NaN stay.
float RoundToBits(float value, int bits);

}  // namespace peculiar
