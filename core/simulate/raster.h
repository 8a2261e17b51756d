// Images of galaxy parts on a padded spaxel grid, and the point spread function.
// Where galaxy parts become light on the sky, before spectra are made. Plain values.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/simulate/galaxy_model.h"

namespace peculiar {

// Spaxels around a cube, so that light from outside is blurred into it as well. Images are
// [y][x] of rows() x columns(), row-major, float.
struct RasterGrid {
  static constexpr int kPad = 8;  // 3.7 sigma of the PSF
  int width = 0;                  // of the cube
  int height = 0;
  double centre_x = 0;  // the galaxy's catalogued centre, 0-based pixels of the cube
  double centre_y = 0;

  int columns() const { return width + 2 * kPad; }
  int rows() const { return height + 2 * kPad; }
  std::size_t size() const {
    return static_cast<std::size_t>(columns()) * static_cast<std::size_t>(rows());
  }
  // Offset in arcsec from the galaxy's centre of a (fractional) raster column or row.
  double OffsetX(double column) const;
  double OffsetY(double row) const;
};

using Raster = std::vector<float>;

// Radius in the plane of the part and the line-of-sight share of a rotation: cos(azimuth) sin(i).
struct PlanePosition {
  double radius_arcsec = 0;
  double rotation_share = 0;  // -1..1
};
PlanePosition PositionInPlane(const Orientation& orientation, double x_arcsec, double y_arcsec);

// Share of the part's light in each spaxel before the PSF, 1 in all over an infinite sky. For
// kPoint the PSF is already in it.
Raster LightOf(const Shape& shape, const RasterGrid& grid);

// Line-of-sight velocity in km/s of a rotating part at each spaxel's centre.
Raster VelocityOf(const Orientation& orientation, const Rotation& rotation, const RasterGrid& grid);

// Convolves with the Gaussian PSF (FWHM 2.54 arcsec), flux conserved but for what leaves the
// raster. Not for concurrent use of one object.
class PsfBlur {
 public:
  explicit PsfBlur(const RasterGrid& grid);
  void Apply(std::span<float> image);

 private:
  int columns_;
  int rows_;
  std::vector<float> kernel_;
  Raster scratch_;
};

// Convolves rows, then columns of a row-major image with a symmetric odd kernel; outside the image
// is 0. `scratch` has the image's size.
void ConvolveSeparable(std::span<float> image, int columns, std::span<const float> kernel,
                       std::span<float> scratch);

}  // namespace peculiar
