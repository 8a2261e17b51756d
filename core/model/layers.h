// The layers of the network as differentiable functions with TensorFlow's conventions (internal to
// core/model: includes LibTorch). Images are [N, C, H, W]; weights have Keras's layouts, as
// parameters.h lists them. Any floating type. Shapes that do not fit throw c10::Error.
#pragma once

#include <torch/types.h>

#include "core/network/network_config.h"

namespace peculiar {

// Rows (or columns) of zeros that TensorFlow's `same` padding adds to an axis of n for a window of
// `kernel`: so that the output has ceil(n / stride), the odd one after. At stride 2, kernel 3: an
// even n gets 0 before and 1 after, an odd n 1 and 1.
struct Padding {
  std::int64_t before = 0;
  std::int64_t after = 0;
};
Padding SamePadding(std::int64_t n, std::int64_t kernel, std::int64_t stride);

// Cross-correlation with `same` padding. kernel: [k, k, in, out]; bias: [out] or undefined.
// [N, in, H, W] -> [N, out, ceil(H / stride), ceil(W / stride)].
torch::Tensor ConvSame(const torch::Tensor& images, const torch::Tensor& kernel,
                       const torch::Tensor& bias, std::int64_t stride);

// Transposed convolution, stride 2: the adjoint of ConvSame from [2 H, 2 W], plus bias.
// kernel: [k, k, out, in], k = 3. [N, in, H, W] -> [N, out, 2 H, 2 W].
torch::Tensor TransposedConvSame(const torch::Tensor& images, const torch::Tensor& kernel,
                                 const torch::Tensor& bias);

inline constexpr double kLayerNormEpsilon = 1e-3;  // Keras's default

// Keras's LayerNormalization with axis -1: every pixel's channels get mean 0 and variance 1
// (biased, epsilon 1e-3), then gamma and beta, [C].
torch::Tensor LayerNorm(const torch::Tensor& images, const torch::Tensor& gamma,
                        const torch::Tensor& beta);

// rows: [N, in]; kernel: [in, out]; bias: [out].
torch::Tensor Dense(const torch::Tensor& rows, const torch::Tensor& kernel,
                    const torch::Tensor& bias);

// clip(0.2 x + 0.5, 0, 1), TensorFlow's until 2.14.
torch::Tensor HardSigmoid(const torch::Tensor& x);

// Keras's ConvLSTM2D (Shi et al. 2015 without peepholes), stride 2 and `same` in the input
// convolution, stride 1 and `same` in the recurrent one, both 3 x 3, from zero states:
//   i, f, o = gate(W x_t + U h + b),  c = f c + i act(..),  h = o act(c),  gates stacked i, f, c,
//   o.
struct ConvLstm {
  torch::Tensor kernel;            // [3, 3, in, 4 F]
  torch::Tensor recurrent_kernel;  // [3, 3, F, 4 F]
  torch::Tensor bias;              // [4 F]
  RecurrentActivation recurrent_activation = RecurrentActivation::kHardSigmoid;
  CellActivation cell_activation = CellActivation::kTanh;

  // [T, B, in, H, W] -> h of every step, T tensors [B, F, H / 2, W / 2] (rounded up).
  std::vector<torch::Tensor> Run(const torch::Tensor& sequence) const;
  // The same with RecurrentScan, as one tensor [T, B, F, H / 2, W / 2].
  torch::Tensor Scan(const torch::Tensor& sequence) const;

 private:
  // The input convolution of all steps at once: [T, B, 4 F, H / 2, W / 2].
  torch::Tensor Inputs(const torch::Tensor& sequence) const;
};

}  // namespace peculiar
