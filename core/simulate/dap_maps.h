// The survey's own measurements of one galaxy: a MAPS file of the MaNGA data analysis pipeline, and
// the shape of a real spectrum to go with it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/cube/cube.h"

namespace peculiar {

// Measurements of one line; arrays are [y][x]. Where `good` is 0 there is none.
struct LineMaps {
  std::string name;  // as the file has it, "Ha-6564"
  double wavelength_angstrom = 0;
  std::vector<float> flux;      // 1e-17 erg/s/cm^2/spaxel, corrected for the Milky Way's dust
  std::vector<float> velocity;  // km/s relative to z
  std::vector<float> sigma;     // km/s as observed, the instrument in it
  std::vector<std::uint8_t> good;
};

struct DapMaps {
  CubeHeader header;
  SkyFrame frame;
  int width = 0;
  int height = 0;
  double z = 0;  // SCINPVEL / c
  double ebv_mag = 0;
  int exposures = 0;
  double exposure_time_s = 0;
  std::int64_t mngtarg1 = 0;
  std::vector<float> level;  // [y][x]: mean flux in g, 1e-17 erg/s/cm^2/A/spaxel
  std::vector<float> snr;    // [y][x]: of a spectral pixel there; 0 where there are no data
  std::vector<LineMaps> lines;
};

// Reads a DAP MAPS file (DR15 to DR17), plain or gzipped. Lines whose channel name is not one of
// the pipeline's 22 strong ones are passed over. Errors name the file and extension: those of
// InflateGzip; DATA_LOSS when an extension or keyword is missing, shapes disagree, or the header's
// PLATEIFU is malformed.
absl::StatusOr<DapMaps> ReadDapMaps(const std::filesystem::path& path);

// The continuum and the noise of one real spectrum on the survey's grid of observed wavelengths,
// 1e-17 erg/s/cm^2/A: only their shapes are of use.
struct RealSpectrum {
  double z = 0;                   // of the galaxy it was taken of
  std::vector<double> continuum;  // without lines, smoothed
  std::vector<double> noise;      // standard deviation
};

// Row `row` of a file of spectra: FLUX, IVAR, MASK with rows of 4,563 pixels, redshifts in Z. The
// continuum is a running median over 101 pixels. Errors as ReadDapMaps.
absl::StatusOr<RealSpectrum> ReadRealSpectrum(const std::filesystem::path& path, int row);

}  // namespace peculiar
