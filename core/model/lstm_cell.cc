#include "core/model/lstm_cell.h"

#include "core/cuda/lstm_cell.h"
#include "core/cuda/run_on_host.h"
#include "core/model/kernel_call.h"
#include "core/model/layers.h"

namespace peculiar {
namespace {

enum Gate { kInput, kForget, kCandidate, kOutput };

// One gate of the stack, [B, F, H, W]: a view.
torch::Tensor Part(const torch::Tensor& stack, Gate gate) {
  const std::int64_t channels = stack.size(1) / 4;
  return stack.narrow(1, gate * channels, channels);
}

// By its value y = gate(x).
torch::Tensor GateSlope(RecurrentActivation activation, const torch::Tensor& y) {
  if (activation == RecurrentActivation::kSigmoid) return y * (1 - y);
  return 0.2 * at::logical_and(y > 0, y < 1).to(y.scalar_type());
}

torch::Tensor Activate(CellActivation activation, const torch::Tensor& x) {
  return activation == CellActivation::kTanh ? at::tanh(x) : x;
}

// grad times the slope, by the value y = act(x).
torch::Tensor ThroughActivation(CellActivation activation, const torch::Tensor& grad,
                                const torch::Tensor& y) {
  return activation == CellActivation::kTanh ? grad * (1 - y * y) : grad;
}

// Whether core/cuda's kernels can take it: of one of their types, the channels of a pixel side by
// side, four at a time.
bool FitsKernels(const torch::Tensor& stack) {
  return IsStoredType(stack) && stack.size(1) % 16 == 0 &&
         stack.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// Of the settings and the shape of a stack of gates.
template <typename T>
LstmCellCall<T> CallOf(const LstmCell& cell, const torch::Tensor& stack) {
  LstmCellCall<T> call;
  call.hard_sigmoid = cell.recurrent_activation == RecurrentActivation::kHardSigmoid;
  call.tanh = cell.cell_activation == CellActivation::kTanh;
  call.lanes = static_cast<int>(stack.size(1) / 4);
  call.pixels = static_cast<int>(stack.numel() / stack.size(1));
  return call;
}

template <typename T>
using Launch = CudaError (*)(const LstmCellCall<T>&, CudaStream);

// Runs a kernel where the stack is: on a GPU in the current stream, or by a loop.
template <template <class, class, typename> class Body, typename T>
void RunKernel(const LstmCellCall<T>& call, const torch::Tensor& stack, Launch<T> launch) {
  if (!stack.is_cpu()) {
    OnGpu(stack, "a ConvLSTM's cell", [&](CudaStream stream) { return launch(call, stream); });
    return;
  }
  WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
    RunItemsOnHost(Body<decltype(gate), decltype(activation), T>{call}, ItemsOf(call));
    return 0;
  });
}

// As LstmCell::Backward, with cell_grad defined.
void BackwardByKernel(const LstmCell& settings, const torch::Tensor& gates,
                      const torch::Tensor& previous, const torch::Tensor& cell,
                      const torch::Tensor& hidden_grad, const torch::Tensor& later_hidden_grad,
                      const torch::Tensor& cell_grad, const torch::Tensor& sums_grad) {
  const auto by_pixel = [](const torch::Tensor& tensor) {
    return tensor.defined() ? tensor.contiguous(at::MemoryFormat::ChannelsLast) : tensor;
  };
  const torch::Tensor grad = by_pixel(hidden_grad), later_grad = by_pixel(later_hidden_grad);
  WithStoredType(gates, [&](auto stored) {
    using T = decltype(stored);
    LstmCellCall<T> call = CallOf<T>(settings, gates);
    call.gates = DataOf<T>(gates);
    call.cell = DataOf<float>(cell);
    call.cell_before = DataOf<float>(previous);
    call.hidden_gradient = DataOf<T>(grad);
    call.hidden_gradient_next = DataOf<T>(later_grad);
    call.cell_gradient = DataOf<float>(cell_grad);
    call.gate_gradient = DataOf<T>(sums_grad);
    RunKernel<LstmCellBackward>(call, gates, LaunchLstmCellBackward<T>);
  });
}

}  // namespace

void LstmCell::Forward(torch::Tensor sums, const torch::Tensor& recurrent,
                       const torch::Tensor& previous, torch::Tensor cell,
                       torch::Tensor hidden) const {
  if (FitsKernels(sums)) {
    WithStoredType(sums, [&](auto stored) {
      using T = decltype(stored);
      const torch::Tensor by_pixel =
          recurrent.defined() ? recurrent.contiguous(at::MemoryFormat::ChannelsLast) : recurrent;
      LstmCellCall<T> call = CallOf<T>(*this, sums);
      call.input_sums = DataOf<T>(sums);
      call.recurrent_sums = DataOf<T>(by_pixel);
      call.cell_before = DataOf<float>(previous);
      call.gates = DataOf<T>(sums);  // each thread reads its own before it writes them
      call.cell = DataOf<float>(cell);
      call.hidden = DataOf<T>(hidden);
      RunKernel<LstmCellForward>(call, sums, LaunchLstmCellForward<T>);
    });
    return;
  }
  if (recurrent.defined()) sums += recurrent;
  for (const Gate gate : {kInput, kForget, kOutput}) {
    torch::Tensor part = Part(sums, gate);
    part.copy_(recurrent_activation == RecurrentActivation::kSigmoid ? at::sigmoid(part)
                                                                     : HardSigmoid(part));
  }
  torch::Tensor candidate = Part(sums, kCandidate);
  candidate.copy_(Activate(cell_activation, candidate));
  at::mul_out(cell, Part(sums, kInput), candidate);
  if (previous.defined()) cell.addcmul_(Part(sums, kForget), previous);
  at::mul_out(hidden, Part(sums, kOutput), Activate(cell_activation, cell));
}

void LstmCell::Backward(const torch::Tensor& gates, const torch::Tensor& previous,
                        const torch::Tensor& cell, const torch::Tensor& hidden_grad,
                        const torch::Tensor& later_hidden_grad, torch::Tensor& cell_grad,
                        torch::Tensor sums_grad) const {
  if (FitsKernels(gates)) {
    if (!cell_grad.defined()) cell_grad = at::zeros_like(cell);
    BackwardByKernel(*this, gates, previous, cell, hidden_grad, later_hidden_grad, cell_grad,
                     sums_grad);
    return;
  }
  const torch::Tensor of_hidden =
      later_hidden_grad.defined() ? hidden_grad + later_hidden_grad : hidden_grad;
  const auto slope = [&](Gate gate) { return GateSlope(recurrent_activation, Part(gates, gate)); };
  const torch::Tensor activated = Activate(cell_activation, cell);
  Part(sums_grad, kOutput).copy_(of_hidden * activated * slope(kOutput));
  torch::Tensor grad =
      ThroughActivation(cell_activation, of_hidden * Part(gates, kOutput), activated);
  if (cell_grad.defined()) grad = grad + cell_grad;
  const torch::Tensor candidate = Part(gates, kCandidate);
  Part(sums_grad, kInput).copy_(grad * candidate * slope(kInput));
  Part(sums_grad, kCandidate)
      .copy_(ThroughActivation(cell_activation, grad * Part(gates, kInput), candidate));
  if (!previous.defined()) {
    Part(sums_grad, kForget).zero_();
    return;
  }
  Part(sums_grad, kForget).copy_(grad * previous * slope(kForget));
  cell_grad = grad * Part(gates, kForget);
}

}  // namespace peculiar
