#include "core/model/layers.h"

#include <algorithm>

#include "core/model/recurrent_scan.h"

namespace peculiar {
namespace {

constexpr std::int64_t kKernel = 3;

// From so many channels on, LibTorch's CPU kernels are faster on channels-last memory, below it on
// planes; its layer_norm loses most, by a factor of three at four channels.
constexpr std::int64_t kChannelsLastFrom = 8;

// Keras's [k, k, a, b] as LibTorch's [b, a, k, k], in the type of what it is applied to; the memory
// format decides that of the output.
torch::Tensor ToLibTorch(const torch::Tensor& kernel, std::int64_t outputs,
                         torch::ScalarType type) {
  return kernel.to(type)
      .permute({3, 2, 0, 1})
      .contiguous(outputs < kChannelsLastFrom ? at::MemoryFormat::Contiguous
                                              : at::MemoryFormat::ChannelsLast);
}

// A bias in the type of what it is added to; may be undefined.
torch::Tensor BiasLike(const torch::Tensor& images, const torch::Tensor& bias) {
  return bias.defined() ? bias.to(images.scalar_type()) : bias;
}

}  // namespace

Padding SamePadding(std::int64_t n, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t outputs = (n + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((outputs - 1) * stride + kernel - n, 0);
  return {total / 2, total - total / 2};
}

torch::Tensor ConvSame(const torch::Tensor& images, const torch::Tensor& kernel,
                       const torch::Tensor& bias, std::int64_t stride) {
  const Padding y = SamePadding(images.size(2), kernel.size(0), stride);
  const Padding x = SamePadding(images.size(3), kernel.size(1), stride);
  const torch::ScalarType type = images.scalar_type();
  const auto weight = ToLibTorch(kernel, kernel.size(3), type);
  if (y.before == y.after && x.before == x.after) {
    return at::conv2d(images, weight, BiasLike(images, bias), stride, {y.before, x.before});
  }
  const auto padded = at::constant_pad_nd(images, {x.before, x.after, y.before, y.after});
  return at::conv2d(padded, weight, BiasLike(images, bias), stride);
}

torch::Tensor TransposedConvSame(const torch::Tensor& images, const torch::Tensor& kernel,
                                 const torch::Tensor& bias) {
  // Unpadded the result has 2 n + 1 rows; the last is where ConvSame pads.
  const torch::ScalarType type = images.scalar_type();
  const auto full = at::conv_transpose2d(images, ToLibTorch(kernel, kernel.size(2), type),
                                         BiasLike(images, bias), /*stride=*/2);
  return full.slice(2, 0, 2 * images.size(2)).slice(3, 0, 2 * images.size(3));
}

torch::Tensor LayerNorm(const torch::Tensor& images, const torch::Tensor& gamma,
                        const torch::Tensor& beta) {
  if (images.size(1) >= kChannelsLastFrom) {
    const torch::ScalarType type = images.scalar_type();
    return at::layer_norm(images.permute({0, 2, 3, 1}), {images.size(1)}, gamma.to(type),
                          beta.to(type), kLayerNormEpsilon)
        .permute({0, 3, 1, 2});
  }
  const auto centred = images - images.mean(1, /*keepdim=*/true);
  const auto variance = centred.square().mean(1, /*keepdim=*/true);
  return at::addcmul(beta.view({-1, 1, 1}), centred * at::rsqrt(variance + kLayerNormEpsilon),
                     gamma.view({-1, 1, 1}));
}

torch::Tensor Dense(const torch::Tensor& rows, const torch::Tensor& kernel,
                    const torch::Tensor& bias) {
  return at::addmm(bias, rows, kernel);
}

torch::Tensor HardSigmoid(const torch::Tensor& x) {
  // LibTorch's own is clip(x / 6 + 0.5, 0, 1).
  return at::hardsigmoid(x * 1.2);
}

torch::Tensor ConvLstm::Inputs(const torch::Tensor& sequence) const {
  return ConvSame(sequence.flatten(0, 1), kernel, bias, /*stride=*/2)
      .unflatten(0, {sequence.size(0), sequence.size(1)});
}

torch::Tensor ConvLstm::Scan(const torch::Tensor& sequence) const {
  return RecurrentScan(
      Inputs(sequence),
      ToLibTorch(recurrent_kernel, recurrent_kernel.size(3), sequence.scalar_type()),
      recurrent_activation, cell_activation);
}

std::vector<torch::Tensor> ConvLstm::Run(const torch::Tensor& sequence) const {
  const auto gate = [this](const torch::Tensor& x) {
    return recurrent_activation == RecurrentActivation::kSigmoid ? at::sigmoid(x) : HardSigmoid(x);
  };
  const auto activate = [this](const torch::Tensor& x) {
    return cell_activation == CellActivation::kTanh ? at::tanh(x) : x;
  };
  // unbind, never x[t]: the backward of each select would write a gradient of the whole sequence.
  const auto steps = Inputs(sequence).unbind(0);
  const auto recurrent =
      ToLibTorch(recurrent_kernel, recurrent_kernel.size(3), sequence.scalar_type());
  std::vector<torch::Tensor> hidden;
  torch::Tensor cell;
  for (const torch::Tensor& step : steps) {
    const auto sum = hidden.empty() ? step
                                    : step + at::conv2d(hidden.back(), recurrent, {}, 1,
                                                        {kKernel / 2, kKernel / 2});
    const auto parts = sum.chunk(4, 1);
    const auto candidate = gate(parts[0]) * activate(parts[2]);
    cell = cell.defined() ? gate(parts[1]) * cell + candidate : candidate;
    hidden.push_back(gate(parts[3]) * activate(cell));
  }
  return hidden;
}

}  // namespace peculiar
