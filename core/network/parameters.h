// The parameters of a network: names, shapes and first values, as a table that needs no LibTorch.
// Layouts are Keras's own, so weights are exchanged with Keras by copying (Dense and Conv2D:
// `kernel`, `bias`; ConvLSTM2D: `kernel`, `recurrent_kernel`, `bias`; LayerNormalization: `gamma`,
// `beta`).
//
//   encoder.conv_block_B.conv_K   kernel [3, 3, in, out], bias [out]          B = 1, 2; K = 1 ..
//   encoder.conv_block_B.norm     gamma [out], beta [out]
//   encoder.lstm_block_B          kernel [3, 3, in, 4 F], recurrent_kernel [3, 3, F, 4 F],
//                                 bias [4 F]; gates in the order i, f, c, o   B = 1, 2, 3
//   encoder.lstm_block_B.norm     gamma [F], beta [F]
//   latent.before, .code, .after  kernel [in, out], bias [out]   AE: fc_width, latent, fc_width
//   latent.mean, .log_variance    kernel [in, latent], bias [latent]          vAE
//   decoder.dense                 kernel [in, flat], bias [flat]
//   decoder.wavelength_code       [channels, flat]                            when learned
//   decoder.block_B               kernel [3, 3, out, in] (as Conv2DTranspose), bias [out]
//   decoder.block_B.norm          gamma [out], beta [out]
//   decoder.output                kernel [3, 3, in, 1], bias [1]
//
// "flat" counts the grid [y][x][channel], as Keras's Flatten of a channels-last tensor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/network/network_config.h"

namespace peculiar {

enum class Initializer {
  kGlorotUniform,  // uniform +- sqrt(6 / (fan_in + fan_out))
  kOrthogonal,     // orthonormal columns of the matrix [rest x last axis]
  kZeros,
  kOnes,
  kForgetGateOnes,  // a ConvLSTM bias: 0, but 1 for the forget gate's quarter
  kUniformSmall,    // uniform +- 0.05, as Keras's Embedding
};

struct ParameterSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  Initializer initializer = Initializer::kZeros;

  std::int64_t count() const;
};

// All trainable parameters, in the order of the forward pass. Requires a valid config.
std::vector<ParameterSpec> ParameterSpecs(const NetworkConfig& config);

// First values, row-major. A function of the seed and the name and shape of the parameter alone,
// not of LibTorch or of the other parameters.
std::vector<float> InitialValues(const ParameterSpec& spec, std::uint64_t seed);

}  // namespace peculiar
