#include "core/model/lstm_cell.h"

#include "core/cuda/lstm_cell.h"
#include "core/cuda/run_on_host.h"
#include "core/model/layers.h"
#ifdef PECULIAR_WITH_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "core/cuda/gpus.h"
#endif

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

// Whether core/cuda's kernels can take it: floats, the channels of a pixel side by side, four at a
// time.
bool FitsKernels(const torch::Tensor& stack) {
  return stack.scalar_type() == torch::kFloat32 && stack.size(1) % 16 == 0 &&
         stack.is_contiguous(at::MemoryFormat::ChannelsLast);
}

float* Data(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
}

// Of the settings and the shape of a stack of gates.
LstmCellCall<float> CallOf(const LstmCell& cell, const torch::Tensor& stack) {
  LstmCellCall<float> call;
  call.hard_sigmoid = cell.recurrent_activation == RecurrentActivation::kHardSigmoid;
  call.tanh = cell.cell_activation == CellActivation::kTanh;
  call.lanes = static_cast<int>(stack.size(1) / 4);
  call.pixels = static_cast<int>(stack.numel() / stack.size(1));
  return call;
}

using Launch = CudaError (*)(const LstmCellCall<float>&, CudaStream);
#ifdef PECULIAR_WITH_CUDA
constexpr Launch kLaunchForward = LaunchLstmCellForward<float>;
constexpr Launch kLaunchBackward = LaunchLstmCellBackward<float>;
#else  // a tensor is on the CPU
constexpr Launch kLaunchForward = nullptr;
constexpr Launch kLaunchBackward = nullptr;
#endif

// Runs a kernel where the stack is: on a GPU in the current stream, or by a loop.
template <template <class, class, typename> class Body>
void RunKernel(const LstmCellCall<float>& call, const torch::Tensor& stack,
               [[maybe_unused]] Launch launch) {
  if (stack.is_cpu()) {
    WithActivations(call.hard_sigmoid, call.tanh, [&](auto gate, auto activation) {
      RunItemsOnHost(Body<decltype(gate), decltype(activation), float>{call}, ItemsOf(call));
      return 0;
    });
    return;
  }
#ifdef PECULIAR_WITH_CUDA
  const c10::cuda::CUDAGuard guard(stack.device());
  const absl::Status status =
      CudaStatus(launch(call, c10::cuda::getCurrentCUDAStream().stream()), "a ConvLSTM's cell");
  TORCH_CHECK(status.ok(), std::string(MessageOf(status)));
#endif
}

}  // namespace

void LstmCell::Forward(torch::Tensor sums, const torch::Tensor& previous, torch::Tensor cell,
                       torch::Tensor hidden) const {
  if (FitsKernels(sums)) {
    LstmCellCall<float> call = CallOf(*this, sums);
    call.input_sums = Data(sums);
    call.cell_before = Data(previous);
    call.gates = Data(sums);  // each thread reads its own before it writes them
    call.cell = Data(cell);
    call.hidden = Data(hidden);
    RunKernel<LstmCellForward>(call, sums, kLaunchForward);
    return;
  }
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
  if (FitsKernels(gates)) {
    if (!cell_grad.defined()) cell_grad = at::zeros_like(cell);
    const torch::Tensor by_pixel = hidden_grad.contiguous(at::MemoryFormat::ChannelsLast);
    LstmCellCall<float> call = CallOf(*this, gates);
    call.gates = Data(gates);
    call.cell = Data(cell);
    call.cell_before = Data(previous);
    call.hidden_gradient = Data(by_pixel);
    call.cell_gradient = Data(cell_grad);
    call.gate_gradient = Data(sums_grad);
    RunKernel<LstmCellBackward>(call, gates, kLaunchBackward);
    return;
  }
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
