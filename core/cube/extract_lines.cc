#include "core/cube/extract_lines.h"

#include <algorithm>
#include <cmath>

#include "core/cube/quality.h"

namespace peculiar {
namespace {

constexpr double kMaxMaskedShare = 0.95;

// How a crop of kCropSize pixels lies along an axis of `extent` pixels: it starts at pixel `start`,
// and its pixels [begin, end) are inside.
struct CropRange {
  long start;
  int begin;
  int end;
};
CropRange RangeOf(double object_pixel, int extent) {
  const long start = static_cast<long>(std::floor(object_pixel + 0.5)) - kCropSize / 2;
  const long begin = std::clamp<long>(-start, 0, kCropSize);
  const long end = std::clamp<long>(extent - start, begin, kCropSize);
  return {start, static_cast<int>(begin), static_cast<int>(end)};
}

bool IsBad(float flux, float ivar, std::int32_t bits) {
  return (bits & kPixelDoNotUse) != 0 || !(ivar > 0) || !std::isfinite(ivar) ||
         !std::isfinite(flux);
}

// Copies the good voxels of one wavelength plane into channel `to` and returns how many there were.
std::size_t CopyPlane(const Cube& cube, int from, const CropRange& xs, const CropRange& ys,
                      std::size_t to, LineCube& out) {
  std::size_t good = 0;
  for (int y = ys.begin; y < ys.end; ++y) {
    const std::size_t in_row =
        (static_cast<std::size_t>(from) * cube.height + (ys.start + y)) * cube.width;
    const std::size_t out_row = (to * kCropSize + y) * kCropSize;
    for (int x = xs.begin; x < xs.end; ++x) {
      const std::size_t in = in_row + (xs.start + x);
      if (IsBad(cube.flux[in], cube.ivar[in], cube.mask[in])) continue;
      out.flux[out_row + x] = cube.flux[in];
      out.ivar[out_row + x] = cube.ivar[in];
      out.mask[out_row + x] = 0;
      ++good;
    }
  }
  return good;
}

}  // namespace

int WindowStart(const SpectralAxis& axis, double rest_wavelength_angstrom, double z) {
  const double pixel = axis.PixelOf(rest_wavelength_angstrom * (1 + z));
  return static_cast<int>(std::ceil(pixel - kWindowChannels / 2));
}

absl::StatusOr<ExtractedLines> ExtractLines(const Cube& cube, const LineList& lines, double z) {
  // A position far outside means the header is wrong; the bound also keeps the arithmetic in range.
  if (!(std::abs(cube.object_x) < 1e6) || !(std::abs(cube.object_y) < 1e6)) {
    return DataLoss("the object lies at pixel ({}, {}) of a {} x {} cube", cube.object_x,
                    cube.object_y, cube.width, cube.height);
  }
  ExtractedLines result;
  LineCube& out = result.line_cube;
  out.channels = static_cast<int>(lines.size()) * kWindowChannels;
  out.size = kCropSize;
  out.flux.assign(out.voxels(), 0.0F);
  out.ivar.assign(out.voxels(), 0.0F);
  out.mask.assign(out.voxels(), 1);

  const CropRange xs = RangeOf(cube.object_x, cube.width);
  const CropRange ys = RangeOf(cube.object_y, cube.height);
  std::size_t good = 0;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    const int start = WindowStart(cube.axis, lines[line].wavelength_angstrom, z);
    if (start + kWindowChannels <= 0 || start >= cube.axis.size()) ++result.quality.lines_off_grid;
    for (int w = 0; w < kWindowChannels; ++w) {
      const int channel = start + w;
      if (channel < 0 || channel >= cube.axis.size()) continue;
      good += CopyPlane(cube, channel, xs, ys, line * kWindowChannels + w, out);
    }
  }
  result.quality.coverage =
      static_cast<double>((xs.end - xs.begin) * (ys.end - ys.begin)) / (kCropSize * kCropSize);
  result.quality.masked_share = 1 - static_cast<double>(good) / static_cast<double>(out.voxels());
  if (result.quality.lines_off_grid == static_cast<int>(lines.size())) {
    return DataLoss("no line falls on the wavelength grid at redshift {}", z);
  }
  if (result.quality.masked_share > kMaxMaskedShare) {
    return DataLoss(
        "{:.2f} % of the crop is masked, at most 95 % is accepted; {:.1f} % of its spaxels lie "
        "inside the cube",
        100 * result.quality.masked_share, 100 * result.quality.coverage);
  }
  return result;
}

}  // namespace peculiar
