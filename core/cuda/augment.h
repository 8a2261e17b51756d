// Augmented copies on the GPU, of samples that lie in its memory: what core/dataset's Augment does,
// with the same random numbers. Which numbers a voxel's noise takes depends on how many voxels
// before it have noise, so one kernel counts them by channel and a second writes the copies.
#pragma once

#include <math.h>

#include <cstdint>

#include "core/cuda/launch.h"
#include "core/cuda/number.h"

namespace peculiar {

// One copy to make. Geometry as AugmentGeometry has it.
struct AugmentedCopy {
  std::int64_t row = 0;      // of the sample
  std::uint64_t stream = 0;  // Random::state() after the geometry was drawn
  std::int32_t flip = 0;     // 0 or 1
  std::int32_t quarter_turns = 0;
  std::int32_t dx = 0;
  std::int32_t dy = 0;
  std::int32_t has_noise = 0;  // 0 or 1
  std::int32_t padding = 0;
};

// Arrays of device memory.
struct AugmentCall {
  int copies = 0;
  int channels = 0;
  int size = 0;
  double noise_scale = 0;
  const AugmentedCopy* list = nullptr;  // [copies]
  const float* flux = nullptr;          // [rows][channels][size][size]
  const float* ivar = nullptr;          // the same shape; 0 where a voxel gets no noise
  int* counts = nullptr;    // [copies][channels]: voxels with noise; between the kernels
  float* output = nullptr;  // [copies][channels][size][size]
};

// Where an output spaxel, y * size + x, comes from in the sample; -1 for one from outside.
PECULIAR_HOST_DEVICE inline int SourceSpaxel(const AugmentedCopy& copy, int size, int spaxel) {
  int x = spaxel % size - copy.dx, y = spaxel / size - copy.dy;
  if (x < 0 || x >= size || y < 0 || y >= size) return -1;
  for (int turn = 0; turn < copy.quarter_turns; ++turn) {
    const int turned_x = y;
    y = size - 1 - x;
    x = turned_x;
  }
  return y * size + (copy.flip != 0 ? size - 1 - x : x);
}

// Number n, from 1, after `state` in a stream of core/base/random.h.
PECULIAR_HOST_DEVICE inline std::uint64_t DrawAt(std::uint64_t state, std::uint64_t n) {
  std::uint64_t z = state + n * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Normal number `index`, from 0, after `state`; equal to Random::Normal's up to the last bits of
// log, sin and cos.
PECULIAR_HOST_DEVICE inline double NormalAt(std::uint64_t state, std::uint64_t index) {
  const std::uint64_t first = index / 2 * 2 + 1;
  const double u = static_cast<double>(DrawAt(state, first) >> 11) * 0x1p-53;
  const double v = static_cast<double>(DrawAt(state, first + 1) >> 11) * 0x1p-53;
  const double radius = sqrt(-2 * log(1 - u));
  const double angle = 2 * 3.14159265358979323846 * v;
  return radius * (index % 2 == 0 ? cos(angle) : sin(angle));
}

// What stands at a source voxel.
struct SourceVoxel {
  float flux = 0;
  float ivar = 0;
};
PECULIAR_HOST_DEVICE inline SourceVoxel SourceVoxelOf(const AugmentCall& call,
                                                      const AugmentedCopy& copy, int channel,
                                                      int spaxel) {
  const int source = SourceSpaxel(copy, call.size, spaxel);
  if (source < 0) return {};
  const std::int64_t offset = (copy.row * call.channels + channel) * call.size * call.size + source;
  return {call.flux[offset], copy.has_noise != 0 ? call.ivar[offset] : 0};
}

PECULIAR_HOST_DEVICE inline float NoisyFlux(const AugmentCall& call, const AugmentedCopy& copy,
                                            const SourceVoxel& voxel, std::uint64_t index) {
  const double sigma = call.noise_scale / sqrt(static_cast<double>(voxel.ivar));
  return static_cast<float>(voxel.flux + sigma * NormalAt(copy.stream, index));
}

// Both kernels' work, one voxel after the other; every array in the host's memory. `counts` is not
// used.
inline void AugmentOnHost(const AugmentCall& call) {
  for (int c = 0; c < call.copies; ++c) {
    const AugmentedCopy& copy = call.list[c];
    std::uint64_t noisy = 0;
    float* output = call.output + std::int64_t{c} * call.channels * call.size * call.size;
    for (int channel = 0; channel < call.channels; ++channel) {
      for (int spaxel = 0; spaxel < call.size * call.size; ++spaxel) {
        const SourceVoxel voxel = SourceVoxelOf(call, copy, channel, spaxel);
        *output++ = voxel.ivar > 0 ? NoisyFlux(call, copy, voxel, noisy++) : voxel.flux;
      }
    }
  }
}

// In augment.cu. Both kernels, asynchronous, in the order of the stream.
CudaError LaunchAugment(const AugmentCall& call, CudaStream stream);

}  // namespace peculiar
