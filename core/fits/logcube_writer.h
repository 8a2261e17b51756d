// Writes a cube as a MaNGA LOGCUBE in the DR17 layout, for the simulated survey. The file passes
// fitsverify without a warning and is read back by logcube_reader.h bit by bit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/cube/cube.h"

namespace peculiar {

// What a LOGCUBE holds. Images are [y][x], height x width of the cube.
struct LogcubeContent {
  Cube cube;                                // object_x and object_y are not written
  std::vector<double> spectral_resolution;  // lambda / FWHM, one a channel: SPECRES
  std::vector<float> g, r, i, z;            // broad-band images, nanomaggies: GIMG to ZIMG
  double ebvgal = 0;                        // Galactic reddening E(B-V), magnitudes
  int nexp = 0;                             // number of exposures
  double exptime_s = 0;                     // total exposure time, seconds
  std::int64_t mngtarg1 = 0;                // MANGA_TARGET1 bits
  std::string history;                      // how the cube was made: a HISTORY card
};

// Writes PRIMARY, FLUX, IVAR, MASK, WAVE, SPECRES, GIMG, RIMG, IIMG, ZIMG, each with checksums;
// atomic; gzipped when the name ends in ".gz". IFURA and IFUDEC are the frame's CRVAL. The same
// content gives the same bytes. Memory: the file plain, 12 bytes a voxel. Errors: INVALID_ARGUMENT
// when shapes disagree, the plate-IFU is malformed or a keyword is not finite; those of
// AtomicFile.
absl::Status WriteLogcube(const std::filesystem::path& path, const LogcubeContent& content);

}  // namespace peculiar
