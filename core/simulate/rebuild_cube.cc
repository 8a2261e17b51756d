#include "core/simulate/rebuild_cube.h"

#include <algorithm>
#include <cmath>

#include "core/fits/tan_wcs.h"
#include "core/simulate/dust.h"
#include "core/simulate/footprint.h"
#include "core/simulate/logcube_content.h"
#include "core/simulate/observe_cube.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

// The maps' continuum level and signal-to-noise are means over g.
constexpr double kBandLow = 4000;
constexpr double kBandHigh = 5500;
constexpr float kLeastNoise = 2e-3F;

// Mean over g of values on the survey's grid.
double BandMean(const std::vector<double>& values) {
  const int first = static_cast<int>(std::ceil(SurveyChannelOf(kBandLow)));
  const int last = static_cast<int>(std::floor(SurveyChannelOf(kBandHigh)));
  double sum = 0;
  for (int i = first; i <= last; ++i) sum += values[static_cast<std::size_t>(i)];
  return sum / (last - first + 1);
}

// The spectrum as it would be seen at redshift z, mean 1 over g, margins included.
std::vector<float> ContinuumAt(double z, const RealSpectrum& spectrum) {
  const double shift = std::log10((1 + z) / (1 + spectrum.z)) / kLog10Step;
  std::vector<double> shifted;
  for (int i = -ContinuumLayer::kMargin; i < kSurveyChannels + ContinuumLayer::kMargin; ++i) {
    const double at = std::clamp(i - shift, 0.0, kSurveyChannels - 1.0);
    const auto low = std::min(static_cast<std::size_t>(at), std::size_t{kSurveyChannels - 2});
    const double t = at - static_cast<double>(low);
    shifted.push_back((1 - t) * spectrum.continuum[low] + t * spectrum.continuum[low + 1]);
  }
  const double mean = BandMean({shifted.begin() + ContinuumLayer::kMargin, shifted.end()});
  std::vector<float> values;
  for (const double value : shifted) values.push_back(static_cast<float>(value / mean));
  return values;
}

void AddLine(const DapMaps& maps, const LineMaps& line, Cube& cube) {
  const double observed = line.wavelength_angstrom * (1 + maps.z);
  const double channel = SurveyChannelOf(observed);
  const double transmission = GalacticTransmission(maps.ebv_mag, observed);
  const std::size_t spaxels = line.flux.size();
  LineProfile profile;
  for (std::size_t s = 0; s < spaxels; ++s) {
    if (line.good[s] == 0) continue;
    const double shift = std::log10(1 + line.velocity[s] / kSpeedOfLightKmPerS) / kLog10Step;
    FillLineProfile(channel + shift, line.sigma[s] / kChannelKmPerS, profile);
    for (std::size_t i = 0; i < profile.share.size(); ++i) {
      const int at = profile.first + static_cast<int>(i);
      if (at < 0 || at >= kSurveyChannels) continue;
      cube.flux[static_cast<std::size_t>(at) * spaxels + s] += static_cast<float>(
          line.flux[s] * transmission * profile.share[i] / ChannelWidthAngstrom(at));
    }
  }
}

// Spaxels with data, and the standard deviation in each at the mean over g.
struct Coverage {
  std::vector<std::int32_t> footprint;
  std::vector<float> noise;
  std::size_t covered = 0;
};
Coverage CoverageOf(const DapMaps& maps) {
  Coverage coverage;
  for (std::size_t s = 0; s < maps.level.size(); ++s) {
    const float noise = maps.level[s] / maps.snr[s];
    const bool covered = maps.snr[s] > 0 && std::isfinite(noise) && noise > 0 && noise < 1e6F;
    coverage.covered += covered ? 1 : 0;
    coverage.footprint.push_back(covered ? 0 : kMaskNoData);
    coverage.noise.push_back(covered ? std::max(noise, kLeastNoise) : 0);
  }
  return coverage;
}

}  // namespace

absl::StatusOr<LogcubeContent> RebuildCube(const DapMaps& maps, const RealSpectrum& spectrum,
                                           std::uint64_t seed) {
  Coverage coverage = CoverageOf(maps);
  if (coverage.covered == 0) {
    return DataLoss("{}: no spaxel has a signal-to-noise above 0", maps.header.plateifu);
  }
  const double continuum_mean = BandMean(spectrum.continuum);
  const double noise_mean = BandMean(spectrum.noise);
  if (!(continuum_mean > 0) || !(noise_mean > 0)) {
    return DataLoss("the spectrum has a mean flux of {} and noise of {} in g, more than 0 expected",
                    continuum_mean, noise_mean);
  }
  PECULIAR_ASSIGN_OR_RETURN(
      const PixelPosition object,
      PixelOf(maps.frame, maps.header.object_ra_deg, maps.header.object_dec_deg));
  Cube cube{.header = maps.header, .axis = SurveyAxis(), .frame = maps.frame};
  cube.object_x = object.x;
  cube.object_y = object.y;
  cube.width = maps.width;
  cube.height = maps.height;
  cube.flux.assign(maps.level.size() * kSurveyChannels, 0.0F);
  for (const LineMaps& line : maps.lines) AddLine(maps, line, cube);

  ObservationNoise noise{.by_spaxel = std::move(coverage.noise), .seed = seed};
  for (const double value : spectrum.noise) {
    noise.by_channel.push_back(static_cast<float>(value / noise_mean));
  }
  ContinuumLayer layer{.spectrum = ContinuumAt(maps.z, spectrum)};
  for (std::size_t s = 0; s < maps.level.size(); ++s) {
    layer.weight.push_back(coverage.footprint[s] == 0 ? maps.level[s] : 0);
  }
  ObserveCube({layer}, coverage.footprint, noise, cube);
  RoundFlux(cube);
  const ExposureSummary exposure{maps.ebv_mag, maps.exposures, maps.exposure_time_s, maps.mngtarg1};
  return MakeLogcubeContent(std::move(cube), exposure,
                            "rebuilt from real DAP maps; noise drawn at random");
}

}  // namespace peculiar
