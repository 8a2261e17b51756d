#include "core/model/lstm_cell.h"

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

}  // namespace

void LstmCell::Forward(torch::Tensor sums, const torch::Tensor& previous, torch::Tensor cell,
                       torch::Tensor hidden) const {
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
                        torch::Tensor& cell_grad, torch::Tensor sums_grad) const {
  const auto slope = [&](Gate gate) { return GateSlope(recurrent_activation, Part(gates, gate)); };
  const torch::Tensor activated = Activate(cell_activation, cell);
  Part(sums_grad, kOutput).copy_(hidden_grad * activated * slope(kOutput));
  torch::Tensor grad =
      ThroughActivation(cell_activation, hidden_grad * Part(gates, kOutput), activated);
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
