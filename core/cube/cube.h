// A MaNGA LOGCUBE in memory. The conventions of the whole project are pinned here:
// - arrays are [channel][y][x], row-major; x is FITS axis 1, y axis 2, the wavelength channel axis
// 3;
// - pixel (0, 0) is the centre of the first pixel (FITS says 1, 1);
// - wavelengths are vacuum Angstrom in the observed frame; flux is 1e-17
// erg/s/cm^2/Angstrom/spaxel;
// - ivar is the inverse variance of flux (0 = no data).
// In a LineCube a mask is a byte that is 1 where the voxel is bad; in a Cube the mask holds the
// survey's bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cube/spectral_axis.h"

namespace peculiar {

// Tangent-plane world coordinates of an image (FITS paper II, TAN), CD matrix in degrees a pixel.
// `crpix` is kept as FITS has it, 1-based.
struct SkyFrame {
  double crpix[2] = {1, 1};
  double crval_deg[2] = {0, 0};  // right ascension, declination
  double cd_deg[2][2] = {{-0.5 / 3600, 0}, {0, 0.5 / 3600}};
};

// What the primary header says of the observation.
struct CubeHeader {
  std::string plateifu;
  std::string mangaid;
  double object_ra_deg = 0;  // OBJRA, OBJDEC: the catalogued centre
  double object_dec_deg = 0;
  std::optional<std::int64_t> drp3qual;
};

struct Cube {
  CubeHeader header;
  SpectralAxis axis;
  SkyFrame frame;
  double object_x = 0;  // OBJRA, OBJDEC in 0-based pixels through `frame`
  double object_y = 0;
  int width = 0;                   // x
  int height = 0;                  // y
  std::vector<float> flux;         // axis.size() x height x width
  std::vector<float> ivar;         // the same shape
  std::vector<std::int32_t> mask;  // the same shape, MANGA_DRP3PIXMASK bits
};

}  // namespace peculiar
