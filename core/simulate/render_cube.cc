#include "core/simulate/render_cube.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/random.h"
#include "core/simulate/artefacts.h"
#include "core/simulate/dust.h"
#include "core/simulate/noise.h"
#include "core/simulate/observe_cube.h"
#include "core/simulate/render_lines.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr std::uint64_t kArtefactStream = 1;

// Spectrum of a stellar part on the grid and its margins, dust of both kinds in it.
std::vector<float> SpectrumOf(const StellarPart& part, double ebv_mag) {
  std::vector<float> spectrum;
  spectrum.reserve(kSurveyChannels + 2 * ContinuumLayer::kMargin);
  const int end = kSurveyChannels + ContinuumLayer::kMargin;
  for (int channel = -ContinuumLayer::kMargin; channel < end; ++channel) {
    const double observed = std::pow(10.0, kLog10FirstWavelength + kLog10Step * channel);
    const double rest = observed / (1 + part.z);
    double shape = ContinuumShape(part.kind, rest);
    if (part.kind == Continuum::kOld && part.old_share < 1) {
      shape =
          part.old_share * shape + (1 - part.old_share) * ContinuumShape(Continuum::kYoung, rest);
    }
    spectrum.push_back(static_cast<float>(shape * InternalTransmission(part.av_mag, rest) *
                                          GalacticTransmission(ebv_mag, observed)));
  }
  return spectrum;
}

std::vector<float> Crop(const Raster& raster, const RasterGrid& grid) {
  std::vector<float> image;
  for (int y = 0; y < grid.height; ++y) {
    const auto row = raster.begin() +
                     static_cast<std::ptrdiff_t>(y + RasterGrid::kPad) * grid.columns() +
                     RasterGrid::kPad;
    image.insert(image.end(), row, row + grid.width);
  }
  return image;
}

ContinuumLayer LayerOf(const StellarPart& part, double ebv_mag, const RasterGrid& grid) {
  ContinuumLayer layer;
  layer.spectrum = SpectrumOf(part, ebv_mag);
  Raster light = LightOf(part.shape, grid);
  for (float& value : light) value *= static_cast<float>(part.flux_5500);
  const bool point = part.shape.profile == Profile::kPoint;
  if (!point && part.rotation.v_max_km_s != 0) {
    // The velocity that is seen through the PSF is weighted by light.
    Raster moment = VelocityOf(part.shape.orientation, part.rotation, grid);
    for (std::size_t i = 0; i < moment.size(); ++i) moment[i] *= light[i];
    PsfBlur blur(grid);
    blur.Apply(light);
    blur.Apply(moment);
    for (std::size_t i = 0; i < moment.size(); ++i) {
      moment[i] = light[i] > 0 ? moment[i] / light[i] / static_cast<float>(kChannelKmPerS) : 0;
      moment[i] =
          std::clamp(moment[i], 1.0F - ContinuumLayer::kMargin, ContinuumLayer::kMargin - 1.0F);
    }
    layer.shift_channels = Crop(moment, grid);
  } else if (!point) {
    PsfBlur(grid).Apply(light);
  }
  layer.weight = Crop(light, grid);
  return layer;
}

ObservationNoise NoiseOf(const Observation& observation, const Footprint& footprint) {
  ObservationNoise noise;
  noise.seed = observation.seed;
  for (const double wavelength : SurveyAxis().wavelength_angstrom()) {
    noise.by_channel.push_back(
        static_cast<float>(observation.noise_scale * NoiseLevel(wavelength)));
  }
  for (const float edge : footprint.edge) {
    noise.by_spaxel.push_back(static_cast<float>(NoiseGrowth(std::min(edge, 1.0F))));
  }
  return noise;
}

void ApplyArtefact(const GalaxyModel& model, const Observation& observation, Cube& cube) {
  Random random(observation.seed, {kArtefactStream});
  switch (observation.artefact) {
    case Artefact::kNone:
      return;
    case Artefact::kDeadFibre:
      return AddDeadFibre(random, cube);
    case Artefact::kBlowtorch:
      return AddBlowtorch(model.z, random, cube);
    case Artefact::kBadFlux:
      return AddBadFlux(random, cube);
  }
}

}  // namespace

Cube EmptyCube(const BundleKind& kind, const Observation& observation) {
  Cube cube{.axis = SurveyAxis()};
  cube.header = {observation.plateifu, observation.mangaid, observation.ra_deg, observation.dec_deg,
                 std::int64_t{0}};
  cube.width = kind.spaxels;
  cube.height = kind.spaxels;
  cube.frame.crpix[0] = cube.frame.crpix[1] = kind.spaxels / 2 + 1;
  const double cos_dec = std::cos(observation.dec_deg * kDegree);
  cube.frame.crval_deg[0] = observation.ra_deg + observation.offset_x_arcsec / 3600 / cos_dec;
  cube.frame.crval_deg[1] = observation.dec_deg - observation.offset_y_arcsec / 3600;
  // The tangent plane is flat to 1e-7 arcsec over such an offset.
  cube.object_x = cube.frame.crpix[0] - 1 + observation.offset_x_arcsec / kSpaxelArcsec;
  cube.object_y = cube.frame.crpix[1] - 1 + observation.offset_y_arcsec / kSpaxelArcsec;
  return cube;
}

RasterGrid GridOf(const Cube& cube) {
  return {cube.width, cube.height, cube.object_x, cube.object_y};
}

Cube RenderCube(const GalaxyModel& model, const BundleKind& kind, const Observation& observation) {
  const Footprint footprint = FootprintOf(kind);
  Cube cube = EmptyCube(kind, observation);
  const RasterGrid grid = GridOf(cube);
  cube.flux.assign(footprint.mask.size() * kSurveyChannels, 0.0F);
  RenderLines(model, grid, cube);
  std::vector<ContinuumLayer> continuum;
  for (const StellarPart& part : model.stars) {
    continuum.push_back(LayerOf(part, model.ebv_mag, grid));
  }
  ObserveCube(continuum, footprint.mask, NoiseOf(observation, footprint), cube);
  if (model.foreground_star) FlagForegroundStar(*model.foreground_star, cube);
  ApplyArtefact(model, observation, cube);
  RoundFlux(cube);
  return cube;
}

}  // namespace peculiar
