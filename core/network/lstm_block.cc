#include "core/network/lstm_block.h"

namespace peculiar {

template <typename T>
LstmBlock<T>::LstmBlock(const ParameterLayout& layout, const std::string& name, int size,
                        int inputs, int outputs, RecurrentActivation recurrent,
                        CellActivation activation)
    : hard_sigmoid_(recurrent == RecurrentActivation::kHardSigmoid),
      tanh_(activation == CellActivation::kTanh),
      input_(layout, name + ".kernel", name + ".bias", BiasSide::kSmall, size, size, /*stride=*/2,
             ChannelLanes::Of(inputs), ChannelLanes::Gates(outputs)),
      recurrent_(layout, name + ".recurrent_kernel", "", BiasSide::kNone, (size + 1) / 2,
                 (size + 1) / 2, /*stride=*/1, ChannelLanes::Of(outputs),
                 ChannelLanes::Gates(outputs)),
      norm_(layout, name, outputs) {}

template <typename T>
void LstmBlock<T>::Pack(const T* parameters) {
  input_.Pack(parameters);
  recurrent_.Pack(parameters);
  norm_.Pack(parameters);
}

template <typename T>
typename LstmBlock<T>::Tape LstmBlock<T>::MakeTape(int slots) const {
  const MapShape state = output_shape();
  const MapShape gates = recurrent_.convolution().small();
  Tape tape;
  tape.slots = slots;
  tape.gates = MapStack<T>(gates.WithoutBorder(), slots);
  tape.cell = MapStack<T>(state.WithoutBorder(), slots);
  if (tanh_) tape.active_cell = MapStack<T>(state.WithoutBorder(), slots);
  tape.hidden = MapStack<T>(state, slots);
  tape.output = MapStack<T>(state, 1);
  tape.norm = norm_.MakeTape(state);
  tape.output_hidden_gradient = MapStack<T>(state, 1);
  tape.next_hidden_gradient = MapStack<T>(state, 1);
  tape.cell_gradient = MapStack<T>(state, 1);
  tape.gate_gradient = MapStack<T>(gates, 1);
  tape.input_gradient = input_.MakeGradient();
  tape.recurrent_gradient = recurrent_.MakeGradient();
  return tape;
}

template <typename T>
CellCall<T> LstmBlock<T>::CallFor(Tape& tape, int t) const {
  const int slot = t % tape.slots;
  CellCall<T> call;
  call.hard_sigmoid = hard_sigmoid_;
  call.tanh = tanh_;
  call.gates = tape.gates[slot];
  if (t > 0) call.cell_before = tape.cell[(t - 1) % tape.slots];
  call.cell = tape.cell[slot];
  call.active_cell = tanh_ ? tape.active_cell[slot] : tape.cell[slot];
  call.hidden = tape.hidden[slot];
  return call;
}

template <typename T>
void LstmBlock<T>::Forward(Tape& tape, int t, Map<T> input) const {
  const Map<T> gates = tape.gates[t % tape.slots];
  if (t == 0) {
    input_.convolution().ToSmall(input, gates);
  } else {
    Convolution<T>::SumToSmall(input_.convolution(), input, recurrent_.convolution(),
                               tape.hidden[(t - 1) % tape.slots], gates);
  }
  CellForward(CallFor(tape, t));
}

template <typename T>
void LstmBlock<T>::Normalise(Tape& tape, int t) const {
  norm_.Forward(tape.norm, tape.hidden[t % tape.slots], tape.output[0]);
}

template <typename T>
void LstmBlock<T>::NormaliseBackward(Tape& tape, int t, Map<T> output_gradient) const {
  norm_.Backward(tape.norm, tape.hidden[t], output_gradient, tape.output_hidden_gradient[0]);
}

template <typename T>
void LstmBlock<T>::Backward(Tape& tape, int t, Map<T> input, bool has_output_gradient,
                            Map<T> input_gradient) const {
  CellCall<T> call = CallFor(tape, t);
  if (has_output_gradient) call.hidden_gradient = tape.output_hidden_gradient[0];
  if (t + 1 < tape.slots) call.hidden_gradient_next = tape.next_hidden_gradient[0];
  call.cell_gradient = tape.cell_gradient[0];
  call.gate_gradient = tape.gate_gradient[0];
  CellBackward(call);
  const Map<T> gates = tape.gate_gradient[0];
  input_.AddGradient(input, gates, tape.input_gradient);
  input_.convolution().ToBig(gates, input_gradient);
  if (t == 0) return;
  recurrent_.AddGradient(tape.hidden[t - 1], gates, tape.recurrent_gradient);
  recurrent_.convolution().ToBig(gates, tape.next_hidden_gradient[0]);
}

template <typename T>
void LstmBlock<T>::ClearGradient(Tape& tape) {
  tape.input_gradient.Clear();
  tape.recurrent_gradient.Clear();
  tape.norm.ClearGradient();
  tape.cell_gradient.Clear();
}

template <typename T>
void LstmBlock<T>::Unpack(const Tape& tape, T* gradient) const {
  input_.Unpack(tape.input_gradient, gradient);
  recurrent_.Unpack(tape.recurrent_gradient, gradient);
  norm_.Unpack(tape.norm, gradient);
}

template class LstmBlock<float>;
template class LstmBlock<double>;

}  // namespace peculiar
