#include "core/simulate/raster.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kDiscThickness = 0.2;        // axis ratio of a disc seen edge-on
constexpr double kHalfLightPerScale = 1.678;  // of an exponential disc
constexpr double kFineRadiusArcsec = 3;       // within it a spaxel is sampled 5 x 5 times

double AxisRatio(double inclination_deg) {
  const double c = std::cos(inclination_deg * kDegree);
  return std::sqrt(c * c * (1 - kDiscThickness * kDiscThickness) + kDiscThickness * kDiscThickness);
}

double DiscLight(const Shape& shape, double radius) {
  const double scale = shape.half_light_arcsec / kHalfLightPerScale;
  return std::exp(-radius / scale) / (2 * std::numbers::pi * scale * scale);
}

// Sersic profile of total light 1; b_n of Ciotti and Bertin 1999.
double BulgeLight(const Shape& shape, double radius) {
  const double n = shape.sersic_index;
  const double b = 2 * n - 1.0 / 3 + 4 / (405 * n) + 46 / (25515 * n * n);
  const double effective = shape.half_light_arcsec;
  const double total =
      2 * std::numbers::pi * n * effective * effective * std::tgamma(2 * n) * std::pow(b, -2 * n);
  return std::exp(-b * std::pow(radius / effective, 1 / n)) / total;
}

double LightAt(const Shape& shape, double x, double y) {
  const double radius = PositionInPlane(shape.orientation, x, y).radius_arcsec;
  return shape.profile == Profile::kDisc ? DiscLight(shape, radius) : BulgeLight(shape, radius);
}

// Mean over one spaxel, finely where the light changes fast.
double SpaxelLight(const Shape& shape, double x, double y) {
  const double dx = x - shape.orientation.x_arcsec;
  const double dy = y - shape.orientation.y_arcsec;
  if (dx * dx + dy * dy > kFineRadiusArcsec * kFineRadiusArcsec) return LightAt(shape, x, y);
  constexpr int kSamples = 5;
  double sum = 0;
  for (int j = 0; j < kSamples; ++j) {
    for (int i = 0; i < kSamples; ++i) {
      sum += LightAt(shape, x + ((i + 0.5) / kSamples - 0.5) * kSpaxelArcsec,
                     y + ((j + 0.5) / kSamples - 0.5) * kSpaxelArcsec);
    }
  }
  return sum / (kSamples * kSamples);
}

double PointLight(const Orientation& orientation, double x, double y) {
  const double u = (x - orientation.x_arcsec) / kSpaxelArcsec / kPsfSigmaPixels;
  const double v = (y - orientation.y_arcsec) / kSpaxelArcsec / kPsfSigmaPixels;
  return std::exp(-0.5 * (u * u + v * v)) /
         (2 * std::numbers::pi * kPsfSigmaPixels * kPsfSigmaPixels);
}

}  // namespace

double RasterGrid::OffsetX(double column) const {
  return (column - kPad - centre_x) * kSpaxelArcsec;
}
double RasterGrid::OffsetY(double row) const { return (row - kPad - centre_y) * kSpaxelArcsec; }

PlanePosition PositionInPlane(const Orientation& orientation, double x_arcsec, double y_arcsec) {
  const double dx = x_arcsec - orientation.x_arcsec;
  const double dy = y_arcsec - orientation.y_arcsec;
  const double angle = orientation.position_angle_deg * kDegree;
  const double major = -dx * std::sin(angle) + dy * std::cos(angle);
  const double minor =
      (dx * std::cos(angle) + dy * std::sin(angle)) / AxisRatio(orientation.inclination_deg);
  PlanePosition position;
  position.radius_arcsec = std::hypot(major, minor);
  if (position.radius_arcsec > 0) {
    position.rotation_share =
        major / position.radius_arcsec * std::sin(orientation.inclination_deg * kDegree);
  }
  return position;
}

Raster LightOf(const Shape& shape, const RasterGrid& grid) {
  // Light per square arcsec in the plane is seen denser by the inclination.
  const double density =
      kSpaxelArcsec * kSpaxelArcsec / AxisRatio(shape.orientation.inclination_deg);
  Raster image(grid.size());
  std::size_t at = 0;
  for (int row = 0; row < grid.rows(); ++row) {
    for (int column = 0; column < grid.columns(); ++column) {
      const double x = grid.OffsetX(column);
      const double y = grid.OffsetY(row);
      image[at++] =
          static_cast<float>(shape.profile == Profile::kPoint ? PointLight(shape.orientation, x, y)
                                                              : density * SpaxelLight(shape, x, y));
    }
  }
  return image;
}

Raster VelocityOf(const Orientation& orientation, const Rotation& rotation,
                  const RasterGrid& grid) {
  Raster image(grid.size());
  std::size_t at = 0;
  for (int row = 0; row < grid.rows(); ++row) {
    for (int column = 0; column < grid.columns(); ++column) {
      const PlanePosition position =
          PositionInPlane(orientation, grid.OffsetX(column), grid.OffsetY(row));
      image[at++] =
          static_cast<float>(rotation.v_max_km_s * position.rotation_share *
                             std::tanh(position.radius_arcsec / rotation.turnover_arcsec));
    }
  }
  return image;
}

void ConvolveSeparable(std::span<float> image, int columns, std::span<const float> kernel,
                       std::span<float> scratch) {
  const int rows = static_cast<int>(image.size()) / columns;
  const int half = static_cast<int>(kernel.size()) / 2;
  std::fill(scratch.begin(), scratch.end(), 0.0F);
  for (int y = 0; y < rows; ++y) {
    const float* in = image.data() + static_cast<std::ptrdiff_t>(y) * columns;
    float* out = scratch.data() + static_cast<std::ptrdiff_t>(y) * columns;
    for (int k = -half; k <= half; ++k) {
      const float weight = kernel[k + half];
      const int end = std::min(columns, columns - k);
      for (int x = std::max(0, -k); x < end; ++x) out[x] += weight * in[x + k];
    }
  }
  std::fill(image.begin(), image.end(), 0.0F);
  for (int y = 0; y < rows; ++y) {
    float* out = image.data() + static_cast<std::ptrdiff_t>(y) * columns;
    for (int k = std::max(-half, -y); k <= std::min(half, rows - 1 - y); ++k) {
      const float weight = kernel[k + half];
      const float* in = scratch.data() + static_cast<std::ptrdiff_t>(y + k) * columns;
      for (int x = 0; x < columns; ++x) out[x] += weight * in[x];
    }
  }
}

PsfBlur::PsfBlur(const RasterGrid& grid)
    : columns_(grid.columns()), rows_(grid.rows()), scratch_(grid.size()) {
  double sum = 0;
  std::vector<double> kernel;
  for (int k = -RasterGrid::kPad; k <= RasterGrid::kPad; ++k) {
    kernel.push_back(std::exp(-0.5 * k * k / (kPsfSigmaPixels * kPsfSigmaPixels)));
    sum += kernel.back();
  }
  for (const double value : kernel) kernel_.push_back(static_cast<float>(value / sum));
}

void PsfBlur::Apply(std::span<float> image) {
  ConvolveSeparable(image.first(static_cast<std::size_t>(columns_) * rows_), columns_, kernel_,
                    scratch_);
}

}  // namespace peculiar
