// The wavelengths of a cube's channels: vacuum Angstrom, observed frame, evenly spaced in log10.
// Immutable; answers where on the grid a wavelength lies.
#pragma once

#include <vector>

#include "core/base/status.h"

namespace peculiar {

class SpectralAxis {
 public:
  // DATA_LOSS unless there are at least two finite, positive, strictly increasing wavelengths that
  // follow one log10 step within 1e-6 dex.
  static absl::StatusOr<SpectralAxis> Create(std::vector<double> wavelength_angstrom);

  int size() const { return static_cast<int>(wavelength_angstrom_.size()); }
  const std::vector<double>& wavelength_angstrom() const { return wavelength_angstrom_; }

  // Fractional 0-based pixel of a wavelength (> 0), linear in log10 between neighbouring grid
  // pixels. Outside the grid the position goes on with the step of the nearest end.
  double PixelOf(double wavelength_angstrom) const;

 private:
  explicit SpectralAxis(std::vector<double> wavelength_angstrom)
      : wavelength_angstrom_(std::move(wavelength_angstrom)) {}
  std::vector<double> wavelength_angstrom_;
};

}  // namespace peculiar
