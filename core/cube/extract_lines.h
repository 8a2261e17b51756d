// Cuts the emission-line windows and the square around the galaxy out of a cube (paper
// section 4.1). Flux is copied, never resampled: -0 and subnormal values pass unchanged.
#pragma once

#include "core/cube/cube.h"
#include "core/cube/line_cube.h"
#include "core/cube/line_list.h"

namespace peculiar {

struct ExtractedLines {
  LineCube line_cube;
  LineCubeQuality quality;
};

// First channel of a line's window: the ten pixels nearest to rest x (1 + z), ceil(p - 5) with p
// the fractional pixel. May be negative or past the end.
int WindowStart(const SpectralAxis& axis, double rest_wavelength_angstrom, double z);

// Line cube of kWindowChannels x lines channels and kCropSize x kCropSize spaxels; the object's
// nearest spaxel is at crop index kCropSize / 2 on both axes. A voxel is bad when it lies outside
// the cube, has DONOTUSE set, ivar <= 0, or flux or ivar not finite. Requires z > -1. DATA_LOSS
// when no line falls on the grid or more than 95 % of the voxels are bad; both shares are in the
// message.
absl::StatusOr<ExtractedLines> ExtractLines(const Cube& cube, const LineList& lines, double z);

}  // namespace peculiar
