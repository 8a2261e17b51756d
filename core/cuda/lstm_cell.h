// The cell of a ConvLSTM on the GPU: what core/network's CellForward and CellBackward do, for one
// slice of all cubes of a batch at once, in one pass over memory. The body of each kernel is a
// struct of plain functions that the host can run too (run_on_host.h): thread i of the grid does
// item i. Gates lie in the order i, f, c, o. States are float whatever the rest is stored as.
#pragma once

#include <cstdint>

#include "core/cuda/activation.h"
#include "core/cuda/launch.h"
#include "core/cuda/number.h"

namespace peculiar {

// Arrays of device memory: [pixels][lanes] a state, [pixels][4][lanes] sums and gates. T: float or
// BFloat16. A pixel's lanes are its channels, padded with zeros as feature_map.h says.
template <typename T>
struct LstmCellCall {
  bool hard_sigmoid = true;  // or sigmoid
  bool tanh = true;          // or linear
  int pixels = 0;            // of all images of the batch
  int lanes = 0;             // a multiple of 4
  // Forward. The sums of a gate are those of the two convolutions.
  const T* input_sums = nullptr;
  const T* recurrent_sums = nullptr;   // null at the first slice
  const float* cell_before = nullptr;  // null at the first slice
  T* gates = nullptr;                  // activated, for backward; null: not kept
  float* cell = nullptr;
  T* hidden = nullptr;
  // Backward reads gates, cell and cell_before. The gradient of h is the sum of two, by way of the
  // block's output and of the next slice; either may be null.
  const T* hidden_gradient = nullptr;
  const T* hidden_gradient_next = nullptr;
  float* cell_gradient = nullptr;  // of c; replaced by that of the slice before
  T* gate_gradient = nullptr;      // of the sums; written
};

// Each item is four lanes of a pixel. At most 2^31 - 1 of them: LaunchLstmCell* refuses more.
template <typename T>
std::int64_t ItemsOf(const LstmCellCall<T>& call) {
  return std::int64_t{call.pixels} * (call.lanes / 4);
}

// Where an item's first value lies.
struct LstmCellPlace {
  std::int64_t state = 0;  // in [pixels][lanes]
  std::int64_t gates = 0;  // of gate 0 in [pixels][4][lanes]; the next gate is `lanes` further
};
PECULIAR_HOST_DEVICE inline LstmCellPlace LstmCellPlaceOf(int item, int lanes) {
  const int fours = lanes / 4, pixel = item / fours, first = 4 * (item - pixel * fours);
  const std::int64_t row = std::int64_t{pixel} * lanes;
  return {row + first, 4 * row + first};
}

template <class Gate, class Activation, typename T>
struct LstmCellForward {
  LstmCellCall<T> call;

  PECULIAR_HOST_DEVICE Four Sums(const LstmCellPlace& place, int gate) const {
    const std::int64_t offset = place.gates + gate * call.lanes;
    Four sums = LoadFour(call.input_sums, offset);
    const Four recurrent = LoadFour(call.recurrent_sums, offset);
    for (int k = 0; k < 4; ++k) sums.values[k] += recurrent.values[k];
    return sums;
  }

  PECULIAR_HOST_DEVICE void operator()(int item) const {
    const LstmCellPlace place = LstmCellPlaceOf(item, call.lanes);
    Four gates[4];
    for (int gate = 0; gate < 4; ++gate) gates[gate] = Sums(place, gate);
    const Four before = LoadFour(call.cell_before, place.state);
    Four cell, hidden;
    for (int k = 0; k < 4; ++k) {
      float& input = gates[0].values[k] = Gate::Value(gates[0].values[k]);
      float& forget = gates[1].values[k] = Gate::Value(gates[1].values[k]);
      float& candidate = gates[2].values[k] = Activation::Value(gates[2].values[k]);
      float& output = gates[3].values[k] = Gate::Value(gates[3].values[k]);
      cell.values[k] = fmaf(forget, before.values[k], input * candidate);
      hidden.values[k] = output * Activation::Value(cell.values[k]);
    }
    if (call.gates != nullptr) {
      for (int gate = 0; gate < 4; ++gate) {
        StoreFour(gates[gate], call.gates, place.gates + gate * call.lanes);
      }
    }
    StoreFour(cell, call.cell, place.state);
    StoreFour(hidden, call.hidden, place.state);
  }
};

// The derivative of four lanes. gates: i, f, g, o; before: c'. Replaces the gradient of c by that
// of c'; writes those of the four sums.
template <class Gate, class Activation>
PECULIAR_HOST_DEVICE void LstmCellGradients(const Four (&gates)[4], const Four& cell,
                                            const Four& before, const Four& hidden_gradient,
                                            Four& cell_gradient, Four (&gradients)[4]) {
  for (int k = 0; k < 4; ++k) {
    const float input = gates[0].values[k], forget = gates[1].values[k];
    const float candidate = gates[2].values[k], output = gates[3].values[k];
    const float active = Activation::Value(cell.values[k]);
    const float dh = hidden_gradient.values[k];
    const float dc = fmaf(dh * output, Activation::Slope(active), cell_gradient.values[k]);
    gradients[0].values[k] = dc * candidate * Gate::Slope(input);
    gradients[1].values[k] = dc * before.values[k] * Gate::Slope(forget);
    gradients[2].values[k] = dc * input * Activation::Slope(candidate);
    gradients[3].values[k] = dh * active * Gate::Slope(output);
    cell_gradient.values[k] = dc * forget;
  }
}

template <class Gate, class Activation, typename T>
struct LstmCellBackward {
  LstmCellCall<T> call;

  PECULIAR_HOST_DEVICE void operator()(int item) const {
    const LstmCellPlace place = LstmCellPlaceOf(item, call.lanes);
    Four gates[4], gradients[4];
    for (int gate = 0; gate < 4; ++gate) {
      gates[gate] = LoadFour(call.gates, place.gates + gate * call.lanes);
    }
    const Four cell = LoadFour(call.cell, place.state);
    const Four before = LoadFour(call.cell_before, place.state);
    const Four from_output = LoadFour(call.hidden_gradient, place.state);
    const Four from_next = LoadFour(call.hidden_gradient_next, place.state);
    Four cell_gradient = LoadFour(call.cell_gradient, place.state);
    Four hidden_gradient;
    for (int k = 0; k < 4; ++k) {
      hidden_gradient.values[k] = from_output.values[k] + from_next.values[k];
    }
    LstmCellGradients<Gate, Activation>(gates, cell, before, hidden_gradient, cell_gradient,
                                        gradients);
    for (int gate = 0; gate < 4; ++gate) {
      StoreFour(gradients[gate], call.gate_gradient, place.gates + gate * call.lanes);
    }
    StoreFour(cell_gradient, call.cell_gradient, place.state);
  }
};

// In lstm_cell.cu. Asynchronous, in the order of the stream; may be captured into a graph.
template <typename T>
CudaError LaunchLstmCellForward(const LstmCellCall<T>& call, CudaStream stream);
template <typename T>
CudaError LaunchLstmCellBackward(const LstmCellCall<T>& call, CudaStream stream);

}  // namespace peculiar
