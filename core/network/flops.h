// The arithmetic of a network, counted from its config: what a time is compared with. Free of
// LibTorch; pure functions.
#pragma once

#include <cstddef>

#include "core/network/network_config.h"

namespace peculiar {

// Floating-point operations of one sample: two for each multiply-add of convolutions and dense
// layers; LayerNorm, gates and losses are left out (a few per cent).
double ForwardFlops(const NetworkConfig& config);
// Of one slice in one block, counted from 0: forward.
double ConvBlockFlops(const NetworkConfig& config, std::size_t block);
double LstmBlockFlops(const NetworkConfig& config, std::size_t block);
double UpsampleBlockFlops(const NetworkConfig& config, std::size_t block);
// Of one slice in the first convolution, whose input needs no gradient.
double FirstConvFlops(const NetworkConfig& config);

// Forward, gradients of the kernels, and of every layer's input but the first's.
double StepFlops(const NetworkConfig& config);

}  // namespace peculiar
