// The steps of a ConvLSTM as one differentiable operation (internal to core/model: includes
// LibTorch). Autograd would keep and launch a dozen operations a step; here a step is one
// convolution and one cell each way, and the gradient of the recurrent kernel is taken once, over
// all steps together: what a GPU needs, where small kernels cost more to launch than to run.
#pragma once

#include <torch/types.h>

#include "core/network/network_config.h"

namespace peculiar {

// inputs: [T, B, 4 F, H, W], the input convolution with its bias, gates stacked i, f, c, o. weight:
// the recurrent kernel as LibTorch has it, [4 F, F, 3, 3]. From zero states, stride 1, `same`.
// Returns h of every step, [T, B, F, H, W]. Any floating type and device; equal to
// ConvLstm::Run up to rounding. Keeps 5 F values a pixel and step for the gradient. Throws
// c10::Error on a wrong shape: call inside Guard.
torch::Tensor RecurrentScan(const torch::Tensor& inputs, const torch::Tensor& weight,
                            RecurrentActivation recurrent_activation,
                            CellActivation cell_activation);

}  // namespace peculiar
