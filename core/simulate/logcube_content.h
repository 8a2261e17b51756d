// What a LOGCUBE file holds beside its cube, for simulated and rebuilt galaxies.
// Last step before the file is written. Pure functions.
#pragma once

#include <string>

#include "core/fits/logcube_writer.h"

namespace peculiar {

struct ExposureSummary {
  double ebv_mag = 0;
  int exposures = 9;
  double exposure_time_s = 8100;  // in all
  std::int64_t mngtarg1 = 0;
};

// Adds the spectral resolution (a Gaussian of 70 km/s everywhere) and images in g, r, i, z: the
// mean flux between 4000 and 5500, 5620 and 6890, 6910 and 8190, 8250 and 10350 A, in nanomaggies.
// `cube` is on the survey's grid.
LogcubeContent MakeLogcubeContent(Cube cube, const ExposureSummary& exposure, std::string history);

}  // namespace peculiar
