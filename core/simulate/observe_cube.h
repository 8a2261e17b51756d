// The last step of every simulated cube: continuum under the lines, noise over both, inverse
// variance and mask.
#pragma once

#include <cstdint>
#include <vector>

#include "core/cube/cube.h"

namespace peculiar {

// One continuum spectrum and how bright and how shifted it is in each spaxel.
struct ContinuumLayer {
  static constexpr int kMargin = 16;  // channels that the spectrum goes on beyond the grid's ends
  std::vector<float> spectrum;        // kSurveyChannels + 2 kMargin values, observed frame
  std::vector<float> weight;          // [y][x]: multiplies the spectrum
  std::vector<float> shift_channels;  // [y][x]: redward, within +-(kMargin - 1); empty: none
};

struct ObservationNoise {
  std::vector<float> by_channel;  // standard deviation, 1e-17 erg/s/cm^2/A
  std::vector<float> by_spaxel;   // [y][x]: multiplies it
  std::uint64_t seed = 0;
};

// On entry `cube` has its sizes and axis and, in flux, the light of its lines alone; ivar and mask
// are overwritten. `footprint` is [y][x]: 0 where there are data, else the MASK bits of a spaxel
// that has none and gets flux 0 and ivar 0.
void ObserveCube(const std::vector<ContinuumLayer>& continuum,
                 const std::vector<std::int32_t>& footprint, const ObservationNoise& noise,
                 Cube& cube);

// Rounds flux to 16 significant bits, a hundredth of a per cent of the brightest noise, so that
// files compress better.
void RoundFlux(Cube& cube);

}  // namespace peculiar
