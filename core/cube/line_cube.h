// The windows around the emission lines of one galaxy: what the network sees.
// Cut out of a Cube by ExtractLines, kept in the dataset's shards. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace peculiar {

inline constexpr int kWindowChannels = 10;  // pixels a line (paper section 4.1)
inline constexpr int kCropSize = 32;        // spaxels a side (paper section 4.1)

// Arrays are [channel][y][x], line-major: channels 10 i .. 10 i + 9 belong to line i, wavelength
// rising. Bad voxels (mask 1) have flux 0 and ivar 0; all values are finite.
struct LineCube {
  int channels = 0;  // kWindowChannels x number of lines
  int size = 0;      // spaxels a side
  std::vector<float> flux;
  std::vector<float> ivar;
  std::vector<std::uint8_t> mask;

  std::size_t voxels() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(size) *
           static_cast<std::size_t>(size);
  }
};

// How much of a line cube is real.
struct LineCubeQuality {
  double coverage = 0;      // share of the size x size spaxels that lie inside the cube, 0..1
  double masked_share = 0;  // share of all voxels that are bad, 0..1
  int lines_off_grid = 0;   // lines whose whole window lies outside the cube's wavelengths
};

}  // namespace peculiar
