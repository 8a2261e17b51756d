// Where a sky position lies in an image: FITS celestial world coordinates, TAN projection, through
// wcslib. Every call owns its wcslib structures; safe from several threads.
#pragma once

#include "core/base/status.h"
#include "core/cube/cube.h"

namespace peculiar {

struct PixelPosition {
  double x = 0;  // 0-based: 0 is the centre of the first pixel
  double y = 0;
};

// The position of (ra, dec), in degrees in the frame of `frame` (no frame change), in double
// precision (Calabretta & Greisen 2002, section 5.1.3; no distortion). DATA_LOSS when the CD matrix
// is singular or not finite, or the position is on the far side of the sky.
absl::StatusOr<PixelPosition> PixelOf(const SkyFrame& frame, double ra_deg, double dec_deg);

}  // namespace peculiar
