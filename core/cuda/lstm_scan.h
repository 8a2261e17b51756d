// All steps of a ConvLSTM in one kernel, for GPUs with thread block clusters (Hopper, sm_90), in
// bfloat16 with float sums and states. A launch a step costs more than a step's work: here an image
// belongs to one cluster for the whole scan. Each of its blocks has a band of rows; the recurrent
// kernel stays in registers, the cell state too, and of h only the rows at the edges of a band
// cross to the neighbouring blocks, through shared memory. Tensor cores do the products
// (mma.m16n8k16); which value lies where stands in functions that the host can run too.
#pragma once

#include <cstdint>

#include "core/cuda/launch.h"
#include "core/cuda/number.h"

namespace peculiar {

// Arrays of device memory, [steps][images][size][size][..]. Gates lie in the order i, f, c, o.
struct LstmScanCall {
  bool hard_sigmoid = true;  // or sigmoid
  bool tanh = true;          // or linear
  int steps = 0;
  int images = 0;
  int size = 0;                      // of a side
  int channels = 0;                  // F
  const BFloat16* weight = nullptr;  // [4 F][3][3][F]
  BFloat16* gates = nullptr;         // [4 F]; forward: the input's sums, replaced by the gates
  float* cells = nullptr;            // [F]; written by forward
  BFloat16* hidden = nullptr;        // [F]; forward
  const BFloat16* hidden_gradient = nullptr;  // [F]; backward
  BFloat16* gate_gradient = nullptr;          // [4 F]; backward: of the sums
};

// How one layer is cut: images of W x W pixels with F channels, bands of R rows.
template <int W, int F, int R>
struct LstmScanShape {
  static constexpr int kSize = W, kChannels = F, kRows = R;
  static constexpr int kBlocks = W / R;                 // of a cluster
  static constexpr int kPixels = W * R;                 // of a block
  static constexpr int kTiles = kPixels / 16;           // of 16 pixels, an mma's rows
  static constexpr int kPadded = F < 16 ? 16 : F;       // channels of h, filled up with zeros
  static constexpr int kChunks = kPadded / 16;          // of 16 channels of h, an mma's depth
  static constexpr int kForwardWarps = kTiles * F / 8;  // each a tile and 8 channels of all gates
  static constexpr int kBackwardWarps = 4 * F / 16;  // each all tiles and 16 of the gates' channels
  static_assert(W % R == 0 && kPixels % 16 == 0 && F % 8 == 0 && kBlocks <= 8);
};

// run(shape) for the shape of a layer; `otherwise` when there is none.
template <class Result, class Run>
Result WithLstmScanShape(int size, int channels, Result otherwise, Run run) {
  if (size == 16 && channels == 32) return run(LstmScanShape<16, 32, 2>());
  if (size == 8 && channels == 32) return run(LstmScanShape<8, 32, 2>());
  if (size == 16 && channels == 8) return run(LstmScanShape<16, 8, 4>());
  if (size == 8 && channels == 8) return run(LstmScanShape<8, 8, 4>());
  if (size == 4 && channels == 8) return run(LstmScanShape<4, 8, 4>());
  return otherwise;
}

// A band with the rows and columns around it, in shared memory: [R + 2][W + 2][C + 8]. The eight
// more keep the rows of an mma's operand in different banks.
template <class Shape, int C>
struct LstmScanBand {
  static constexpr int kPixel = C + 8;
  static constexpr int kNumbers = (Shape::kRows + 2) * (Shape::kSize + 2) * kPixel;
  // row: -1 to R, column: -1 to W.
  PECULIAR_HOST_DEVICE static constexpr int Offset(int row, int column, int channel) {
    return ((row + 1) * (Shape::kSize + 2) + column + 1) * kPixel + channel;
  }
};

// Where thread `lane` of a warp finds an mma's operands (PTX ISA, mma.m16n8k16): the row and depth
// of A that it names to ldmatrix, the depth and column of B's number `element` (0, 1) of register r
// (0, 1), and the row and column of the sum's register r (0 to 3).
struct MmaPlace {
  int row = 0, column = 0;
};
PECULIAR_HOST_DEVICE constexpr MmaPlace MmaA(int lane) {
  return {lane % 8 + 8 * (lane / 8 % 2), 8 * (lane / 16)};
}
PECULIAR_HOST_DEVICE constexpr MmaPlace MmaB(int lane, int r, int element) {
  return {2 * (lane % 4) + element + 8 * r, lane / 4};
}
PECULIAR_HOST_DEVICE constexpr MmaPlace MmaSum(int lane, int r) {
  return {lane / 4 + 8 * (r / 2), 2 * (lane % 4) + r % 2};
}

// Offset in the band of h of what tap `tap` (3 * dy + dx) of the convolution multiplies for a pixel
// of the block, from channel `channel` on.
template <class Shape>
PECULIAR_HOST_DEVICE constexpr int ForwardSource(int pixel, int tap, int channel) {
  using Band = LstmScanBand<Shape, Shape::kPadded>;
  return Band::Offset(pixel / Shape::kSize + tap / 3 - 1, pixel % Shape::kSize + tap % 3 - 1,
                      channel);
}
// The same for the gradient: in the band of the sums' gradients.
template <class Shape>
PECULIAR_HOST_DEVICE constexpr int BackwardSource(int pixel, int tap, int channel) {
  using Band = LstmScanBand<Shape, 4 * Shape::kChannels>;
  return Band::Offset(pixel / Shape::kSize - tap / 3 + 1, pixel % Shape::kSize - tap % 3 + 1,
                      channel);
}

// Offset in the weight of output `row` (of 4 F), tap and input channel.
template <class Shape>
PECULIAR_HOST_DEVICE constexpr int WeightAt(int row, int tap, int channel) {
  return (row * 9 + tap) * Shape::kChannels + channel;
}

// Whether there are kernels for such a layer, and whether the current GPU runs them.
inline bool LstmScanTakes(int size, int channels) {
  return WithLstmScanShape(size, channels, false, [](auto) { return true; });
}
bool LstmScanRuns();

// In lstm_scan.cu. Asynchronous, in the order of the stream; may be captured into a graph. Layers
// that LstmScanTakes.
CudaError LaunchLstmScanForward(const LstmScanCall& call, CudaStream stream);
CudaError LaunchLstmScanBackward(const LstmScanCall& call, CudaStream stream);

}  // namespace peculiar
