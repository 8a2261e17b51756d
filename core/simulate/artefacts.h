// What goes wrong at the telescope or in the reduction, put into a finished cube as the survey's
// own files show it: wrong flux and the bits that tell of it.
#pragma once

#include "core/base/random.h"
#include "core/cube/cube.h"
#include "core/simulate/galaxy_model.h"

namespace peculiar {

inline constexpr std::int64_t kQualityBlowtorch = std::int64_t{1} << 12;

// FORESTAR in every channel within 1.2 PSF FWHM of a star that is in the model's light. DONOTUSE
// stays clear, so its light is in what the network sees.
void FlagForegroundStar(const Orientation& star, Cube& cube);

// A fibre that gives almost no light: in a patch of about three arcsec near the middle the flux
// falls to a fifth and DEADFIBER is set; inverse variance is left, as if nobody had noticed.
void AddDeadFibre(Random& random, Cube& cube);

// A blowtorch trace: light of the detector's edge in a stripe of spaxels, several hundred channels
// wide around Halpha at redshift z, far brighter than the galaxy. Sets BLOWTORCH and CRITICAL.
void AddBlowtorch(double z, Random& random, Cube& cube);

// A wrong flux scale: all flux is 2.5 to 4 times too high, inverse variance to match. Sets BADFLUX
// and CRITICAL.
void AddBadFlux(Random& random, Cube& cube);

}  // namespace peculiar
