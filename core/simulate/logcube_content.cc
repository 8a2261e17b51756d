#include "core/simulate/logcube_content.h"

#include <cmath>

#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

struct Band {
  double low_angstrom;
  double high_angstrom;
  double effective_angstrom;
};
constexpr Band kG = {4000, 5500, 4686};
constexpr Band kR = {5620, 6890, 6166};
constexpr Band kI = {6910, 8190, 7480};
constexpr Band kZ = {8250, 10350, 8932};

// Nanomaggies for 1e-17 erg/s/cm^2/A at a wavelength: f_nu = f_lambda lambda^2 / c.
double NanomaggiesPerFlux(double wavelength_angstrom) {
  constexpr double kNanomaggy = 3.631e-29;  // erg/s/cm^2/Hz
  return 1e-17 * wavelength_angstrom * wavelength_angstrom / (kSpeedOfLightKmPerS * 1e13) /
         kNanomaggy;
}

std::vector<float> ImageOf(const Cube& cube, const Band& band) {
  const int first = static_cast<int>(std::ceil(SurveyChannelOf(band.low_angstrom)));
  const int last = static_cast<int>(std::floor(SurveyChannelOf(band.high_angstrom)));
  const auto spaxels = static_cast<std::size_t>(cube.width) * static_cast<std::size_t>(cube.height);
  std::vector<double> sum(spaxels);
  for (int channel = first; channel <= last; ++channel) {
    const float* plane = cube.flux.data() + static_cast<std::size_t>(channel) * spaxels;
    for (std::size_t i = 0; i < spaxels; ++i) sum[i] += plane[i];
  }
  const double scale = NanomaggiesPerFlux(band.effective_angstrom) / (last - first + 1);
  std::vector<float> image(spaxels);
  for (std::size_t i = 0; i < spaxels; ++i) image[i] = static_cast<float>(sum[i] * scale);
  return image;
}

}  // namespace

LogcubeContent MakeLogcubeContent(Cube cube, const ExposureSummary& exposure, std::string history) {
  const double resolution = kSpeedOfLightKmPerS / (2.3548200450309493 * kInstrumentSigmaKmPerS);
  std::vector<double> spectral_resolution(static_cast<std::size_t>(cube.axis.size()), resolution);
  std::vector<float> g = ImageOf(cube, kG);
  std::vector<float> r = ImageOf(cube, kR);
  std::vector<float> i = ImageOf(cube, kI);
  std::vector<float> z = ImageOf(cube, kZ);
  return {.cube = std::move(cube),
          .spectral_resolution = std::move(spectral_resolution),
          .g = std::move(g),
          .r = std::move(r),
          .i = std::move(i),
          .z = std::move(z),
          .ebvgal = exposure.ebv_mag,
          .nexp = exposure.exposures,
          .exptime_s = exposure.exposure_time_s,
          .mngtarg1 = exposure.mngtarg1,
          .history = std::move(history)};
}

}  // namespace peculiar
