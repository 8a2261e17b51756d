#include <cooperative_groups.h>

#include "core/cuda/activation.h"
#include "core/cuda/launch.cuh"
#include "core/cuda/lstm_cell.h"
#include "core/cuda/lstm_scan.h"
#include "core/cuda/tensor_core.cuh"

namespace peculiar {
namespace {

// The blocks of an image: one where a band is the whole image.
template <class Shape>
struct Blocks {
  __device__ static int Rank() { return static_cast<int>(blockIdx.x) % Shape::kBlocks; }
  __device__ static int Image() { return static_cast<int>(blockIdx.x) / Shape::kBlocks; }
  __device__ static void Sync() {
#if __CUDA_ARCH__ >= 900
    if constexpr (Shape::kBlocks > 1) {
      cooperative_groups::this_cluster().sync();
      return;
    }
#endif
    __syncthreads();
  }
  // The same place of another block's shared memory.
  template <typename T>
  __device__ static T* Of(T* mine, [[maybe_unused]] int rank) {
#if __CUDA_ARCH__ >= 900
    if constexpr (Shape::kBlocks > 1) {
      return cooperative_groups::this_cluster().map_shared_rank(mine, rank);
    }
#endif
    return mine;
  }
};

// write(band, row) for each block whose band has that row of this one: its own, and a neighbour's
// halo.
template <class Shape, class Write>
__device__ void ForBandsWith(BFloat16* band, int row, const Write& write) {
  const int rank = Blocks<Shape>::Rank();
  write(band, row);
  if (row == 0 && rank > 0) write(Blocks<Shape>::Of(band, rank - 1), Shape::kRows);
  if (row == Shape::kRows - 1 && rank + 1 < Shape::kBlocks) {
    write(Blocks<Shape>::Of(band, rank + 1), -1);
  }
}

__device__ void Clear(BFloat16* array, int numbers) {
  for (int i = static_cast<int>(threadIdx.x); i < numbers; i += static_cast<int>(blockDim.x)) {
    array[i] = BFloat16();
  }
}

// Number of the block's first pixel in [steps][images][size][size].
template <class Shape>
__device__ std::int64_t FirstPixel(const LstmScanCall& call, int step) {
  return ((std::int64_t{step} * call.images + Blocks<Shape>::Image()) * Shape::kSize +
          Blocks<Shape>::Rank() * Shape::kRows) *
         Shape::kSize;
}

// A warp has 16 pixels and 8 channels of all four gates: a thread two pixels, two channels each.
template <class Shape>
struct ForwardWarp {
  static constexpr int kPadded = Shape::kPadded, kChunks = Shape::kChunks, kF = Shape::kChannels;
  int lane = static_cast<int>(threadIdx.x) % 32;
  int tile = static_cast<int>(threadIdx.x) / 32 % Shape::kTiles;
  int first_channel = static_cast<int>(threadIdx.x) / 32 / Shape::kTiles * 8;

  __device__ int Pixel(int half) const { return 16 * tile + MmaSum(lane, 2 * half).row; }
  __device__ int Channel() const { return first_channel + MmaSum(lane, 0).column; }

  __device__ void LoadWeight(const BFloat16* weight, std::uint32_t (&b)[9][kChunks][4][2]) const {
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
#pragma unroll
      for (int chunk = 0; chunk < kChunks; ++chunk) {
#pragma unroll
        for (int gate = 0; gate < 4; ++gate) {
#pragma unroll
          for (int r = 0; r < 2; ++r) {
            const MmaPlace place = MmaB(lane, r, 0);
            const int row = gate * kF + first_channel + place.column;
            const int channel = 16 * chunk + place.row;
            const BFloat16* pair = weight + WeightAt<Shape>(row, tap, channel);
            b[tap][chunk][gate][r] = channel < kF ? Pack(pair[0], pair[1]) : 0;
          }
        }
      }
    }
  }

  // The input's sums of a step: [gate][half].
  __device__ void LoadSums(const LstmScanCall& call, int step, std::uint32_t (&raw)[4][2]) const {
    const std::int64_t first = FirstPixel<Shape>(call, step);
#pragma unroll
    for (int gate = 0; gate < 4; ++gate) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        raw[gate][half] =
            PairAt(call.gates + (first + Pixel(half)) * 4 * kF + gate * kF + Channel());
      }
    }
  }

  __device__ void Convolve(const BFloat16* band, const std::uint32_t (&b)[9][kChunks][4][2],
                           float (&sums)[4][4]) const {
    const MmaPlace place = MmaA(lane);
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
#pragma unroll
      for (int chunk = 0; chunk < kChunks; ++chunk) {
        std::uint32_t a[4];
        LoadA(band + ForwardSource<Shape>(16 * tile + place.row, tap, 16 * chunk + place.column),
              a);
#pragma unroll
        for (int gate = 0; gate < 4; ++gate) MultiplyAdd(a, b[tap][chunk][gate], sums[gate]);
      }
    }
  }

  template <class Gate, class Activation>
  __device__ void Cell(const LstmScanCall& call, int step, const float (&sums)[4][4],
                       float (&cells)[4], BFloat16* band) const {
    const std::int64_t first = FirstPixel<Shape>(call, step);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float gates[4][2], hidden[2];
#pragma unroll
      for (int k = 0; k < 2; ++k) {
        const int r = 2 * half + k;
        gates[0][k] = Gate::Value(sums[0][r]);
        gates[1][k] = Gate::Value(sums[1][r]);
        gates[2][k] = Activation::Value(sums[2][r]);
        gates[3][k] = Gate::Value(sums[3][r]);
        cells[r] = fmaf(gates[1][k], cells[r], gates[0][k] * gates[2][k]);
        hidden[k] = gates[3][k] * Activation::Value(cells[r]);
      }
      const int pixel = Pixel(half);
      const std::int64_t place = first + pixel;
#pragma unroll
      for (int gate = 0; gate < 4; ++gate) {
        PairAt(call.gates + place * 4 * kF + gate * kF + Channel()) =
            Pack(gates[gate][0], gates[gate][1]);
      }
      *reinterpret_cast<float2*>(call.cells + place * kF + Channel()) =
          make_float2(cells[2 * half], cells[2 * half + 1]);
      const std::uint32_t pair = Pack(hidden[0], hidden[1]);
      PairAt(call.hidden + place * kF + Channel()) = pair;
      ForBandsWith<Shape>(band, pixel / Shape::kSize, [&](BFloat16* to, int row) {
        PairAt(to + LstmScanBand<Shape, kPadded>::Offset(row, pixel % Shape::kSize, Channel())) =
            pair;
      });
    }
  }
};

extern __shared__ uint4 shared_memory[];

template <class Shape, class Gate, class Activation>
__global__ void __launch_bounds__(32 * Shape::kForwardWarps)
    LstmScanForward(const __grid_constant__ LstmScanCall call) {
#if __CUDA_ARCH__ >= 900
  using Band = LstmScanBand<Shape, Shape::kPadded>;
  auto* bands = reinterpret_cast<BFloat16*>(shared_memory);  // of even and of odd steps
  Clear(bands, 2 * Band::kNumbers);
  const ForwardWarp<Shape> warp;
  std::uint32_t b[9][Shape::kChunks][4][2];
  warp.LoadWeight(call.weight, b);
  std::uint32_t raw[4][2];
  warp.LoadSums(call, 0, raw);
  float cells[4] = {};
  Blocks<Shape>::Sync();  // nobody writes into a band that is yet to be cleared
  for (int step = 0; step < call.steps; ++step) {
    float sums[4][4];
#pragma unroll
    for (int gate = 0; gate < 4; ++gate) {
#pragma unroll
      for (int r = 0; r < 4; ++r) {
        sums[gate][r] = r % 2 == 0 ? Low(raw[gate][r / 2]) : High(raw[gate][r / 2]);
      }
    }
    if (step + 1 < call.steps) warp.LoadSums(call, step + 1, raw);  // arrives while this computes
    if (step > 0) warp.Convolve(bands + (step - 1) % 2 * Band::kNumbers, b, sums);
    warp.template Cell<Gate, Activation>(call, step, sums, cells,
                                         bands + step % 2 * Band::kNumbers);
    Blocks<Shape>::Sync();
  }
#endif
}

// A warp has 16 of the gates' channels, all pixels and all channels of h; the warps' sums are then
// added up in a fixed order.
template <class Shape>
struct BackwardWarp {
  static constexpr int kF = Shape::kChannels, kColumns = kF / 8, kTiles = Shape::kTiles;
  static constexpr int kRow = kF + 8;  // floats of a pixel in `parts`
  static constexpr int kPart = Shape::kPixels * kRow;
  int lane = static_cast<int>(threadIdx.x) % 32;
  int warp = static_cast<int>(threadIdx.x) / 32;

  __device__ void LoadWeight(const BFloat16* weight, std::uint32_t (&b)[9][kColumns][2]) const {
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
#pragma unroll
      for (int column = 0; column < kColumns; ++column) {
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          BFloat16 pair[2];
#pragma unroll
          for (int element = 0; element < 2; ++element) {
            const MmaPlace place = MmaB(lane, r, element);
            pair[element] =
                weight[WeightAt<Shape>(16 * warp + place.row, tap, 8 * column + place.column)];
          }
          b[tap][column][r] = Pack(pair[0], pair[1]);
        }
      }
    }
  }

  __device__ void Convolve(const BFloat16* band, const std::uint32_t (&b)[9][kColumns][2],
                           float* parts) const {
    float sums[kTiles][kColumns][4] = {};
    const MmaPlace place = MmaA(lane);
#pragma unroll
    for (int tap = 0; tap < 9; ++tap) {
#pragma unroll
      for (int tile = 0; tile < kTiles; ++tile) {
        std::uint32_t a[4];
        LoadA(band + BackwardSource<Shape>(16 * tile + place.row, tap, 16 * warp + place.column),
              a);
#pragma unroll
        for (int column = 0; column < kColumns; ++column) {
          MultiplyAdd(a, b[tap][column], sums[tile][column]);
        }
      }
    }
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
#pragma unroll
      for (int column = 0; column < kColumns; ++column) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const MmaPlace at = MmaSum(lane, 2 * half);
          float* to = parts + warp * kPart + (16 * tile + at.row) * kRow + 8 * column + at.column;
          *reinterpret_cast<float2*>(to) =
              make_float2(sums[tile][column][2 * half], sums[tile][column][2 * half + 1]);
        }
      }
    }
  }
};

// Four channels of a pixel, as in lstm_cell.h: what the second half of a backward step gives a
// thread.
template <class Shape, class Gate, class Activation>
__device__ void BackwardCell(const LstmScanCall& call, int step, int item, const float* parts,
                             Four& cell_gradient, BFloat16* band) {
  constexpr int kF = Shape::kChannels;
  using Warp = BackwardWarp<Shape>;
  const int pixel = item / (kF / 4), channel = item % (kF / 4) * 4;
  const std::int64_t place = FirstPixel<Shape>(call, step) + pixel;
  const std::int64_t step_numbers = std::int64_t{call.images} * kF * Shape::kSize * Shape::kSize;
  Four gates[4], gradients[4];
  for (int gate = 0; gate < 4; ++gate) {
    gates[gate] = LoadFour(call.gates, place * 4 * kF + gate * kF + channel);
  }
  const Four cell = LoadFour(call.cells, place * kF + channel);
  const Four before = step > 0 ? LoadFour(call.cells, place * kF + channel - step_numbers) : Four();
  Four hidden_gradient = LoadFour(call.hidden_gradient, place * kF + channel);
  if (step + 1 < call.steps) {
#pragma unroll
    for (int warp = 0; warp < Shape::kBackwardWarps; ++warp) {
      const Four part = LoadFour(parts, warp * Warp::kPart + pixel * Warp::kRow + channel);
      for (int k = 0; k < 4; ++k) hidden_gradient.values[k] += part.values[k];
    }
  }
  LstmCellGradients<Gate, Activation>(gates, cell, before, hidden_gradient, cell_gradient,
                                      gradients);
  for (int gate = 0; gate < 4; ++gate) {
    StoreFour(gradients[gate], call.gate_gradient, place * 4 * kF + gate * kF + channel);
  }
  ForBandsWith<Shape>(band, pixel / Shape::kSize, [&](BFloat16* to, int row) {
    for (int gate = 0; gate < 4; ++gate) {
      StoreFour(
          gradients[gate], to,
          LstmScanBand<Shape, 4 * kF>::Offset(row, pixel % Shape::kSize, gate * kF + channel));
    }
  });
}

template <class Shape, class Gate, class Activation>
__global__ void __launch_bounds__(32 * Shape::kBackwardWarps)
    LstmScanBackward(const __grid_constant__ LstmScanCall call) {
#if __CUDA_ARCH__ >= 900
  using Band = LstmScanBand<Shape, 4 * Shape::kChannels>;
  constexpr int kThreads = 32 * Shape::kBackwardWarps;
  constexpr int kItems = Shape::kPixels * Shape::kChannels / 4;
  constexpr int kItemsEach = (kItems + kThreads - 1) / kThreads;
  auto* bands = reinterpret_cast<BFloat16*>(shared_memory);  // of even and of odd steps
  auto* parts = reinterpret_cast<float*>(bands + 2 * Band::kNumbers);
  Clear(bands, 2 * Band::kNumbers);
  const BackwardWarp<Shape> warp;
  std::uint32_t b[9][Shape::kChannels / 8][2];
  warp.LoadWeight(call.weight, b);
  Four cell_gradients[kItemsEach] = {};
  Blocks<Shape>::Sync();
  for (int step = call.steps - 1; step >= 0; --step) {
    if (step + 1 < call.steps) {
      warp.Convolve(bands + (step + 1) % 2 * Band::kNumbers, b, parts);
      __syncthreads();
    }
#pragma unroll
    for (int k = 0; k < kItemsEach; ++k) {
      const int item = static_cast<int>(threadIdx.x) + k * kThreads;
      if (kItems % kThreads != 0 && item >= kItems) break;
      BackwardCell<Shape, Gate, Activation>(call, step, item, parts, cell_gradients[k],
                                            bands + step % 2 * Band::kNumbers);
    }
    Blocks<Shape>::Sync();
  }
#endif
}

CudaError Launch(void (*kernel)(LstmScanCall), const LstmScanCall& call, int blocks, int warps,
                 std::size_t shared_bytes, CudaStream stream) {
  if (call.images == 0 || call.steps == 0) return cudaSuccess;
  const cudaError_t error = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                                 cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                 static_cast<int>(shared_bytes));
  if (error != cudaSuccess) return error;
  cudaLaunchAttribute cluster = {};
  cluster.id = cudaLaunchAttributeClusterDimension;
  cluster.val.clusterDim.x = static_cast<unsigned>(blocks);
  cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(call.images * blocks));
  config.blockDim = dim3(static_cast<unsigned>(32 * warps));
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = &cluster;
  config.numAttrs = blocks > 1 ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, call);
}

}  // namespace

bool LstmScanRuns() {
  cudaFuncAttributes attributes = {};
  const cudaError_t error = cudaFuncGetAttributes(
      &attributes, LstmScanForward<LstmScanShape<8, 32, 2>, HardSigmoidOnDevice, TanhOnDevice>);
  if (error != cudaSuccess) cudaGetLastError();  // or the next launch would report it
  // Compiled for less, perhaps just in time, the kernels are empty.
  return error == cudaSuccess && attributes.ptxVersion >= 90;
}

CudaError LaunchLstmScanForward(const LstmScanCall& call, CudaStream stream) {
  return WithLstmScanShape(call.size, call.channels, CudaError{cudaErrorInvalidValue}, [&](auto s) {
    using Shape = decltype(s);
    constexpr std::size_t kBytes =
        2 * LstmScanBand<Shape, Shape::kPadded>::kNumbers * sizeof(BFloat16);
    return WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
      return Launch(LstmScanForward<Shape, decltype(gate), decltype(activation)>, call,
                    Shape::kBlocks, Shape::kForwardWarps, kBytes, stream);
    });
  });
}

CudaError LaunchLstmScanBackward(const LstmScanCall& call, CudaStream stream) {
  return WithLstmScanShape(call.size, call.channels, CudaError{cudaErrorInvalidValue}, [&](auto s) {
    using Shape = decltype(s);
    constexpr std::size_t kBytes =
        2 * LstmScanBand<Shape, 4 * Shape::kChannels>::kNumbers * sizeof(BFloat16) +
        Shape::kBackwardWarps * BackwardWarp<Shape>::kPart * sizeof(float);
    return WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
      return Launch(LstmScanBackward<Shape, decltype(gate), decltype(activation)>, call,
                    Shape::kBlocks, Shape::kBackwardWarps, kBytes, stream);
    });
  });
}

}  // namespace peculiar
