// From a galaxy model and the circumstances of an observation to a cube as the survey would have
// written it.
#pragma once

#include <cstdint>
#include <string>

#include "core/cube/cube.h"
#include "core/simulate/footprint.h"
#include "core/simulate/galaxy_model.h"
#include "core/simulate/raster.h"

namespace peculiar {

enum class Artefact { kNone, kDeadFibre, kBlowtorch, kBadFlux };

struct Observation {
  std::string plateifu;
  std::string mangaid;
  double ra_deg = 0;  // of the galaxy
  double dec_deg = 0;
  // Of the galaxy's centre from the middle of the bundle, along the pixel axes.
  double offset_x_arcsec = 0;
  double offset_y_arcsec = 0;
  double noise_scale = 1;  // > 0: a longer exposure is below 1
  std::uint64_t seed = 0;  // of the noise and of the artefact
  Artefact artefact = Artefact::kNone;
};

// A header and a frame with the galaxy where the observation says, no voxels yet. The object's
// pixel is exact through the tangent-plane frame.
Cube EmptyCube(const BundleKind& kind, const Observation& observation);

// The raster that fits the cube.
RasterGrid GridOf(const Cube& cube);

// The whole cube, a pure function of its arguments.
Cube RenderCube(const GalaxyModel& model, const BundleKind& kind, const Observation& observation);

}  // namespace peculiar
