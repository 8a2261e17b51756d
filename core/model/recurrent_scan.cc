#include "core/model/recurrent_scan.h"

#include <torch/autograd.h>

#include <tuple>

#include "core/cuda/lstm_scan.h"
#include "core/model/kernel_call.h"
#include "core/model/lstm_cell.h"

namespace peculiar {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kPad = 1;  // of a 3 x 3 kernel, `same`

torch::Tensor Convolve(const torch::Tensor& hidden, const torch::Tensor& weight) {
  return at::conv2d(hidden, weight, {}, /*stride=*/1, kPad);
}

// Gradients of Convolve's arguments, those that are wanted.
std::tuple<torch::Tensor, torch::Tensor> ConvolveBackward(const torch::Tensor& grad,
                                                          const torch::Tensor& hidden,
                                                          const torch::Tensor& weight,
                                                          bool wants_hidden, bool wants_weight) {
  const auto [of_hidden, of_weight, of_bias] = at::convolution_backward(
      grad, hidden, weight, c10::nullopt, /*stride=*/{1, 1}, /*padding=*/{kPad, kPad},
      /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0}, /*groups=*/1,
      {wants_hidden, wants_weight, false});
  return {of_hidden, of_weight};
}

// [T, B, F, H, W] in the memory format of gates, [T, B, 4 F, H, W].
torch::Tensor StatesLike(const torch::Tensor& gates, torch::ScalarType type) {
  const auto images = gates.flatten(0, 1);
  const auto format = images.suggest_memory_format();
  return at::empty({images.size(0), images.size(1) / 4, images.size(2), images.size(3)},
                   images.options().dtype(type).memory_format(format))
      .unflatten(0, {gates.size(0), gates.size(1)});
}

// Whether one kernel does all steps: on a GPU that runs it, in bfloat16, square images with their
// channels side by side, as many as it is made for.
bool TakesWholeScan(const torch::Tensor& gates, const torch::Tensor& weight) {
  return gates.is_cuda() && gates.scalar_type() == torch::kBFloat16 &&
         gates.size(3) == gates.size(4) &&
         LstmScanTakes(static_cast<int>(gates.size(3)), static_cast<int>(gates.size(2) / 4)) &&
         gates.flatten(0, 1).is_contiguous(at::MemoryFormat::ChannelsLast) &&
         weight.is_contiguous(at::MemoryFormat::ChannelsLast) && LstmScanRuns();
}

LstmScanCall ScanCallOf(const LstmCell& cell, const torch::Tensor& gates,
                        const torch::Tensor& weight, const torch::Tensor& cells) {
  LstmScanCall call;
  call.hard_sigmoid = cell.recurrent_activation == RecurrentActivation::kHardSigmoid;
  call.tanh = cell.cell_activation == CellActivation::kTanh;
  call.steps = static_cast<int>(gates.size(0));
  call.images = static_cast<int>(gates.size(1));
  call.channels = static_cast<int>(gates.size(2) / 4);
  call.size = static_cast<int>(gates.size(3));
  call.weight = DataOf<BFloat16>(weight);
  call.gates = DataOf<BFloat16>(gates);
  call.cells = DataOf<float>(cells);
  return call;
}

// The cell and the convolution of every step, one after the other. gates: the input's sums,
// replaced. Writes cells and hidden.
void RunSteps(const LstmCell& cell, const torch::Tensor& gates, const torch::Tensor& weight,
              const torch::Tensor& cells, const torch::Tensor& hidden) {
  for (std::int64_t t = 0; t < gates.size(0); ++t) {
    torch::Tensor recurrent, previous;
    if (t > 0) {
      recurrent = Convolve(hidden.select(0, t - 1), weight);
      previous = cells.select(0, t - 1);
    }
    cell.Forward(gates.select(0, t), recurrent, previous, cells.select(0, t), hidden.select(0, t));
  }
}

// hidden_grads: of the output, as the states lie in memory. Writes sums_grad.
void RunStepsBackward(const LstmCell& cell, const torch::Tensor& gates, const torch::Tensor& weight,
                      const torch::Tensor& cells, const torch::Tensor& hidden,
                      const torch::Tensor& hidden_grads, const torch::Tensor& sums_grad) {
  torch::Tensor later_hidden_grad, cell_grad;
  for (std::int64_t t = gates.size(0) - 1; t >= 0; --t) {
    cell.Backward(gates.select(0, t), t > 0 ? cells.select(0, t - 1) : torch::Tensor(),
                  cells.select(0, t), hidden_grads.select(0, t), later_hidden_grad, cell_grad,
                  sums_grad.select(0, t));
    if (t == 0) break;
    later_hidden_grad = std::get<0>(
        ConvolveBackward(sums_grad.select(0, t), hidden.select(0, t - 1), weight, true, false));
  }
}

class Scan : public torch::autograd::Function<Scan> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& inputs,
                               const torch::Tensor& weight, std::int64_t recurrent_activation,
                               std::int64_t cell_activation) {
    const LstmCell cell = {static_cast<RecurrentActivation>(recurrent_activation),
                           static_cast<CellActivation>(cell_activation)};
    const torch::Tensor gates = inputs.clone();
    const torch::ScalarType type = gates.scalar_type();
    const torch::Tensor cells =
        StatesLike(gates, type == torch::kBFloat16 ? torch::kFloat32 : type);
    const torch::Tensor hidden = StatesLike(gates, type);
    if (TakesWholeScan(gates, weight)) {
      LstmScanCall call = ScanCallOf(cell, gates, weight, cells);
      call.hidden = DataOf<BFloat16>(hidden);
      OnGpu(gates, "a ConvLSTM",
            [&](CudaStream stream) { return LaunchLstmScanForward(call, stream); });
    } else {
      RunSteps(cell, gates, weight, cells, hidden);
    }
    context->save_for_backward({gates, cells, hidden, weight});
    context->saved_data["recurrent_activation"] = recurrent_activation;
    context->saved_data["cell_activation"] = cell_activation;
    return hidden;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor &gates = saved[0], &cells = saved[1], &hidden = saved[2],
                        &weight = saved[3];
    const LstmCell cell = {
        static_cast<RecurrentActivation>(context->saved_data["recurrent_activation"].toInt()),
        static_cast<CellActivation>(context->saved_data["cell_activation"].toInt())};
    const torch::Tensor sums_grad = at::empty_like(gates);
    const torch::Tensor hidden_grads =  // as the states lie in memory
        grads[0]
            .flatten(0, 1)
            .contiguous(gates.flatten(0, 1).suggest_memory_format())
            .unflatten(0, {gates.size(0), gates.size(1)});
    if (TakesWholeScan(gates, weight)) {
      LstmScanCall call = ScanCallOf(cell, gates, weight, cells);
      call.hidden_gradient = DataOf<BFloat16>(hidden_grads);
      call.gate_gradient = DataOf<BFloat16>(sums_grad);
      OnGpu(gates, "a ConvLSTM's gradient",
            [&](CudaStream stream) { return LaunchLstmScanBackward(call, stream); });
    } else {
      RunStepsBackward(cell, gates, weight, cells, hidden, hidden_grads, sums_grad);
    }
    return {sums_grad, WeightGrad(sums_grad, hidden, weight), torch::Tensor(), torch::Tensor()};
  }

 private:
  // Over all steps but the first, which has no state before it.
  static torch::Tensor WeightGrad(const torch::Tensor& sums_grad, const torch::Tensor& hidden,
                                  const torch::Tensor& weight) {
    const std::int64_t steps = hidden.size(0);
    if (steps == 1) return at::zeros_like(weight);
    return std::get<1>(ConvolveBackward(sums_grad.narrow(0, 1, steps - 1).flatten(0, 1),
                                        hidden.narrow(0, 0, steps - 1).flatten(0, 1), weight, false,
                                        true));
  }
};

}  // namespace

torch::Tensor RecurrentScan(const torch::Tensor& inputs, const torch::Tensor& weight,
                            RecurrentActivation recurrent_activation,
                            CellActivation cell_activation) {
  return Scan::apply(inputs, weight, static_cast<std::int64_t>(recurrent_activation),
                     static_cast<std::int64_t>(cell_activation));
}

}  // namespace peculiar
