// One plate-IFU of a simulated survey with all that is true of it: the way from a plan to a cube
// and to the rows of the tables.
#pragma once

#include "core/cube/galaxy.h"
#include "core/simulate/draw_galaxy.h"
#include "core/simulate/render_cube.h"
#include "core/simulate/survey_plan.h"

namespace peculiar {

struct SimulatedGalaxy {
  PlannedGalaxy plan;
  GalaxyTraits traits;
  GalaxyModel model;
  Observation observation;
  const BundleKind* bundle = nullptr;  // never null
  int exposures = 9;                   // of 900 s
  double halpha_peak = 0;              // brightest spaxel, 1e-17 erg/s/cm^2/spaxel
  GalaxyRecord record;                 // its row of drpall, AGN flags in it
};

// A pure function of the survey's seed and the position in its plan; cheap beside rendering.
// Repeats share traits, model and sky position with their source and differ in pointing and noise.
// AGN flags are as incomplete as real lists: nine of ten broad-line cores, two of three Seyferts,
// and one of ten retired galaxies for its radio source.
SimulatedGalaxy DrawSimulatedGalaxy(std::uint64_t seed, const std::vector<PlannedGalaxy>& plan,
                                    std::size_t position);

}  // namespace peculiar
