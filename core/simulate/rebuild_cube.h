// A cube rebuilt from the survey's own measurements of a real galaxy. Line fluxes, velocities,
// widths, continuum level, signal-to-noise and footprint are real, the spectral shapes of continuum
// and noise are those of another real spectrum; only the draw of the noise is not.
#pragma once

#include "core/fits/logcube_writer.h"
#include "core/simulate/dap_maps.h"

namespace peculiar {

// A pure function of its arguments. Lines are dimmed by the Milky Way's dust again, from which the
// maps are corrected. DATA_LOSS when no spaxel has data or the sky frame is not usable.
absl::StatusOr<LogcubeContent> RebuildCube(const DapMaps& maps, const RealSpectrum& spectrum,
                                           std::uint64_t seed);

}  // namespace peculiar
