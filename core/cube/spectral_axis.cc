#include "core/cube/spectral_axis.h"

#include <algorithm>
#include <cmath>

namespace peculiar {

absl::StatusOr<SpectralAxis> SpectralAxis::Create(std::vector<double> wavelength_angstrom) {
  const std::vector<double>& wave = wavelength_angstrom;
  if (wave.size() < 2) return DataLoss("WAVE has {} pixels, at least 2 expected", wave.size());
  for (std::size_t i = 0; i < wave.size(); ++i) {
    if (!std::isfinite(wave[i]) || wave[i] <= 0) {
      return DataLoss("WAVE[{}] is {}, a positive wavelength expected", i, wave[i]);
    }
    if (i > 0 && wave[i] <= wave[i - 1]) {
      return DataLoss("WAVE is not increasing: WAVE[{}] = {} after {}", i, wave[i], wave[i - 1]);
    }
  }
  const double first = std::log10(wave.front());
  const double step = (std::log10(wave.back()) - first) / static_cast<double>(wave.size() - 1);
  for (std::size_t i = 0; i < wave.size(); ++i) {
    const double expected = first + step * static_cast<double>(i);
    if (std::abs(std::log10(wave[i]) - expected) > 1e-6) {
      return DataLoss(
          "WAVE is not a log grid: log10 WAVE[{}] = {:.8f}, {:.8f} expected within 1e-6", i,
          std::log10(wave[i]), expected);
    }
  }
  return SpectralAxis(std::move(wavelength_angstrom));
}

double SpectralAxis::PixelOf(double wavelength_angstrom) const {
  const std::vector<double>& wave = wavelength_angstrom_;
  const auto above = std::upper_bound(wave.begin(), wave.end(), wavelength_angstrom) - wave.begin();
  const auto i0 = static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(above - 1, 0, static_cast<std::ptrdiff_t>(wave.size()) - 2));
  const double low = std::log10(wave[i0]);
  const double step = std::log10(wave[i0 + 1]) - low;
  return static_cast<double>(i0) + (std::log10(wavelength_angstrom) - low) / step;
}

}  // namespace peculiar
