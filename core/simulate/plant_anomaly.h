// Turns a normal galaxy into a strange one. Artefacts of the instrument are not here: they are done
// to the finished cube (artefacts.h).
#pragma once

#include "core/base/random.h"
#include "core/simulate/draw_galaxy.h"

namespace peculiar {

// The class of galaxy in which an anomaly is planted.
GalaxyClass HostOf(Anomaly anomaly, Random& random);

// Changes traits before the galaxy is built: a blueberry is small, blue and all lines; gas that
// counter-rotates must be seen to do so.
void PrepareTraits(Anomaly anomaly, Random& random, GalaxyTraits& traits);

// Adds to or changes the parts of a model that BuildGalaxy made from the traits.
void PlantAnomaly(Anomaly anomaly, const GalaxyTraits& traits, Random& random, GalaxyModel& model);

// Line ratios of an active nucleus, from section 9's Seyfert row.
LineRatios DrawSeyfertRatios(Random& random);

}  // namespace peculiar
