#include "core/dataset/augment.h"

#include <cmath>

namespace peculiar {
namespace {

// For each output spaxel the input spaxel y * size + x, or -1 for one from outside. Undoes the
// steps from the last to the first.
std::vector<int> SourceSpaxels(const AugmentGeometry& geometry, int size) {
  std::vector<int> source(static_cast<std::size_t>(size) * size, -1);
  for (int out_y = 0; out_y < size; ++out_y) {
    for (int out_x = 0; out_x < size; ++out_x) {
      int x = out_x - geometry.dx;
      int y = out_y - geometry.dy;
      if (x < 0 || x >= size || y < 0 || y >= size) continue;
      for (int turn = 0; turn < geometry.quarter_turns; ++turn) {
        const int turned_x = y;  // a step forward takes (x, y) to (size - 1 - y, x)
        y = size - 1 - x;
        x = turned_x;
      }
      if (geometry.flip) x = size - 1 - x;
      source[static_cast<std::size_t>(out_y) * size + out_x] = y * size + x;
    }
  }
  return source;
}

}  // namespace

AugmentGeometry DrawGeometry(const AugmentOptions& options, Random& random) {
  const auto draw_shift = [&] {
    return static_cast<int>(random.Below(2 * static_cast<std::uint64_t>(options.max_shift) + 1)) -
           options.max_shift;
  };
  AugmentGeometry geometry;
  geometry.flip = random.Below(2) == 1;
  geometry.quarter_turns = static_cast<int>(random.Below(4));
  geometry.dx = draw_shift();
  geometry.dy = draw_shift();
  return geometry;
}

LineCube Augment(const SampleView& sample, int channels, int size, const AugmentOptions& options,
                 Random& random) {
  const std::vector<int> source = SourceSpaxels(DrawGeometry(options, random), size);
  LineCube out;
  out.channels = channels;
  out.size = size;
  out.flux.assign(out.voxels(), 0.0F);
  out.ivar.assign(out.voxels(), 0.0F);
  out.mask.assign(out.voxels(), 1);
  for (std::size_t voxel = 0; voxel < out.voxels(); ++voxel) {
    const std::size_t spaxel = voxel % source.size();
    if (source[spaxel] < 0) continue;
    const std::size_t in = voxel - spaxel + static_cast<std::size_t>(source[spaxel]);
    out.flux[voxel] = sample.flux[in];
    out.ivar[voxel] = sample.ivar[in];
    out.mask[voxel] = sample.mask[in];
  }
  if (options.noise_scale == 0) return out;
  for (std::size_t voxel = 0; voxel < out.voxels(); ++voxel) {
    if (out.mask[voxel] != 0 || !(out.ivar[voxel] > 0)) continue;
    const double sigma = options.noise_scale / std::sqrt(static_cast<double>(out.ivar[voxel]));
    out.flux[voxel] = static_cast<float>(out.flux[voxel] + sigma * random.Normal());
  }
  return out;
}

}  // namespace peculiar
