// The pointwise part of a ConvLSTM step and its derivative (internal to core/model: includes
// LibTorch). Pure functions that write into given tensors: every pixel and channel on its own, by
// the kernels of core/cuda where the tensors fit them (float32 or bfloat16, channels-last, F a
// multiple of 4), on the CPU too, else by LibTorch's operations.
//   i, f, o = gate(sum_i), gate(sum_f), gate(sum_o),  g = act(sum_c)
//   c = f c' + i g,  h = o act(c)
#pragma once

#include <torch/types.h>

#include "core/network/network_config.h"

namespace peculiar {

struct LstmCell {
  RecurrentActivation recurrent_activation;
  CellActivation cell_activation;

  // sums: [B, 4 F, H, W], stacked i, f, c, o, those of the input, replaced by the gates i, f, g, o.
  // recurrent: the sums of the state, previous: c', [B, F, H, W]; both undefined = 0. Writes cell
  // and hidden, [B, F, H, W]. Cells are float32 also when the rest is bfloat16.
  void Forward(torch::Tensor sums, const torch::Tensor& recurrent, const torch::Tensor& previous,
               torch::Tensor cell, torch::Tensor hidden) const;

  // gates, previous and cell as Forward left them. hidden_grad: of h; later_hidden_grad: by way of
  // the next step, undefined = 0. cell_grad: of c by the later steps, undefined = 0; becomes the
  // gradient of c', which means nothing when previous is undefined. Writes sums_grad, [B, 4 F, H,
  // W].
  void Backward(const torch::Tensor& gates, const torch::Tensor& previous,
                const torch::Tensor& cell, const torch::Tensor& hidden_grad,
                const torch::Tensor& later_hidden_grad, torch::Tensor& cell_grad,
                torch::Tensor sums_grad) const;
};

}  // namespace peculiar
