#include "core/cuda/augment.h"
#include "core/cuda/launch.cuh"

namespace peculiar {
namespace {

constexpr int kWarps = kBlockThreads / 32;

// A block a channel of a copy.
__global__ void __launch_bounds__(kBlockThreads)
    CountNoisyVoxels(const __grid_constant__ AugmentCall call) {
  const int channel = static_cast<int>(blockIdx.x), c = static_cast<int>(blockIdx.y);
  const AugmentedCopy copy = call.list[c];
  const int spaxels = call.size * call.size;
  int count = 0;
  for (int first = 0; first < spaxels; first += kBlockThreads) {
    const int spaxel = first + static_cast<int>(threadIdx.x);
    const bool is_noisy = spaxel < spaxels && SourceVoxelOf(call, copy, channel, spaxel).ivar > 0;
    count += __syncthreads_count(is_noisy);
  }
  if (threadIdx.x == 0) call.counts[c * call.channels + channel] = count;
}

// How many threads of the block before this one have `is_set`; `total`: how many have it in all.
__device__ int CountBefore(bool is_set, int* shared, int& total) {
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const unsigned votes = __ballot_sync(0xffffffffu, is_set);
  __syncthreads();  // the turn before has been read
  if (lane == 0) shared[warp] = __popc(votes);
  __syncthreads();
  int before = __popc(votes & ((1u << lane) - 1));
  total = 0;
  for (int w = 0; w < kWarps; ++w) {
    if (w < warp) before += shared[w];
    total += shared[w];
  }
  return before;
}

// Voxels with noise in the channels before this block's.
__device__ int CountInChannelsBefore(const AugmentCall& call, int c, int channel) {
  __shared__ int sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  int mine = 0;
  for (int k = static_cast<int>(threadIdx.x); k < channel; k += kBlockThreads) {
    mine += call.counts[c * call.channels + k];
  }
  if (mine != 0) atomicAdd(&sum, mine);  // of integers: the order does not matter
  __syncthreads();
  return sum;
}

__global__ void __launch_bounds__(kBlockThreads)
    WriteCopies(const __grid_constant__ AugmentCall call) {
  __shared__ int by_warp[kWarps];
  const int channel = static_cast<int>(blockIdx.x), c = static_cast<int>(blockIdx.y);
  const AugmentedCopy copy = call.list[c];
  const int spaxels = call.size * call.size;
  float* output = call.output + (std::int64_t{c} * call.channels + channel) * spaxels;
  int noisy = CountInChannelsBefore(call, c, channel);
  for (int first = 0; first < spaxels; first += kBlockThreads) {
    const int spaxel = first + static_cast<int>(threadIdx.x);
    const SourceVoxel voxel =
        spaxel < spaxels ? SourceVoxelOf(call, copy, channel, spaxel) : SourceVoxel();
    int total = 0;
    const int before = CountBefore(voxel.ivar > 0, by_warp, total);
    if (spaxel < spaxels) {
      output[spaxel] =
          voxel.ivar > 0 ? NoisyFlux(call, copy, voxel, static_cast<std::uint64_t>(noisy + before))
                         : voxel.flux;
    }
    noisy += total;
  }
}

}  // namespace

CudaError LaunchAugment(const AugmentCall& call, CudaStream stream) {
  if (call.copies == 0) return cudaSuccess;
  const dim3 grid(static_cast<unsigned>(call.channels), static_cast<unsigned>(call.copies));
  CountNoisyVoxels<<<grid, kBlockThreads, 0, stream>>>(call);
  if (const CudaError error = cudaGetLastError(); error != cudaSuccess) return error;
  WriteCopies<<<grid, kBlockThreads, 0, stream>>>(call);
  return cudaGetLastError();
}

}  // namespace peculiar
