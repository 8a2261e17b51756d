// A random variation of a sample for training (paper section 4; science.md section 6).
// Made on the fly between the shards and the network; a pure function of the sample and `random`.
#pragma once

#include "core/base/random.h"
#include "core/cube/line_cube.h"
#include "core/dataset/shard.h"

namespace peculiar {

struct AugmentOptions {
  double noise_scale = 0.1;  // of the noise that the cube has: adds 1 % of its variance
  int max_shift = 5;         // spaxels along each axis (paper)
};

// Steps 1 to 3 of Augment.
struct AugmentGeometry {
  bool flip = false;
  int quarter_turns = 0;  // 0..3
  int dx = 0;
  int dy = 0;
};

// The first draws of Augment.
AugmentGeometry DrawGeometry(const AugmentOptions& options, Random& random);

// A copy of `sample` (channels x size x size, [channel][y][x]), changed in this order:
//   1. horizontal flip (x reversed), probability 1/2;
//   2. rotation by k x 90 degrees, k uniform in 0..3, about the centre of the square; a step takes
//      the +x axis to the +y axis;
//   3. translation by whole dx, dy, each uniform in [-max_shift, max_shift]; what comes in from
//      outside has flux 0, ivar 0, mask 1;
//   4. Gaussian noise on flux, sigma = noise_scale / sqrt(ivar), where ivar > 0 and mask is 0.
// ivar and mask move with flux and are otherwise unchanged. Driven by `random` alone: draws are the
// flip, k, dx, dy, then one normal for each such voxel in output order (none when noise_scale is
// 0).
LineCube Augment(const SampleView& sample, int channels, int size, const AugmentOptions& options,
                 Random& random);

}  // namespace peculiar
