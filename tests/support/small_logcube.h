// A LOGCUBE small enough for unit tests: 40 channels of MaNGA's grid, 7 x 6 spaxels, every voxel
// with a value of its own, some masked.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/cube/quality.h"
#include "core/fits/logcube_writer.h"

namespace peculiar {

struct SmallLogcubeOptions {
  int channels = 40;
  int width = 7;
  int height = 6;
};

inline LogcubeContent MakeSmallLogcube(const SmallLogcubeOptions& options = {}) {
  std::vector<double> wave;
  for (int i = 0; i < options.channels; ++i) wave.push_back(std::pow(10, 3.5589 + 1e-4 * i));
  Cube cube{.header = {.plateifu = "8485-1901",
                       .mangaid = "1-209232",
                       .object_ra_deg = 232.5447,
                       .object_dec_deg = 48.690201,
                       .drp3qual = kQualityBadFlux | kQualityCritical},
            .axis = *SpectralAxis::Create(wave),
            .frame = {.crpix = {options.width / 2 + 1.0, options.height / 2 + 1.0},
                      .crval_deg = {232.5447, 48.690201}},
            .width = options.width,
            .height = options.height};
  const std::size_t spaxels = static_cast<std::size_t>(options.width) * options.height;
  for (std::size_t i = 0; i < spaxels * wave.size(); ++i) {
    cube.flux.push_back(0.25F + 0.001F * static_cast<float>(i));
    cube.ivar.push_back(i % 11 == 0 ? 0.0F : 4.0F + 0.01F * static_cast<float>(i % 100));
    cube.mask.push_back(i % 11 == 0 ? kPixelNoCoverage | kPixelDoNotUse : 0);
  }
  LogcubeContent content{.cube = std::move(cube)};
  content.spectral_resolution.assign(wave.size(), 1800.5);
  content.g.assign(spaxels, 1.5F);
  content.r.assign(spaxels, 2.5F);
  content.i.assign(spaxels, 3.5F);
  content.z.assign(spaxels, 4.5F);
  content.ebvgal = 0.0321;
  content.nexp = 9;
  content.exptime_s = 8100.5;
  content.mngtarg1 = 1 << 10;
  content.history = "made for a test";
  return content;
}

}  // namespace peculiar
