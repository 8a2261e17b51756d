// Line light of a galaxy's gas parts as it arrives at the telescope: shifted, widened, dimmed by
// dust, blurred by the PSF.
#pragma once

#include "core/cube/cube.h"
#include "core/simulate/galaxy_model.h"
#include "core/simulate/raster.h"

namespace peculiar {

// Adds the lines of all gas parts to cube.flux (sizes set, the survey's axis), per Angstrom.
void RenderLines(const GalaxyModel& model, const RasterGrid& grid, Cube& cube);

// Halpha flux of a model integrated over the line, PSF included, [y][x] of the raster,
// 1e-17 erg/s/cm^2/spaxel, before the Milky Way's dust.
Raster HalphaMap(const GalaxyModel& model, const RasterGrid& grid);

// Brightest spaxel of HalphaMap that lies inside the cube.
double HalphaPeak(const GalaxyModel& model, const RasterGrid& grid);

}  // namespace peculiar
