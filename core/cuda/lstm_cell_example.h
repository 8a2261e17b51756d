// For the tests of this room: one slice of a ConvLSTM's cell from random sums, states and
// gradients, run by whoever `run` is, on the host or a GPU, and compared with core/network's
// kernels.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "core/base/random.h"
#include "core/cuda/lstm_cell.h"
#include "core/network/kernels.h"

namespace peculiar {

template <typename T>
std::vector<T> RandomNumbers(std::size_t n, std::uint64_t seed, double scale = 1) {
  Random random(seed);
  std::vector<T> values(n);
  for (T& value : values) value = FromFloat<T>(static_cast<float>(scale * random.Normal()));
  return values;
}
template <typename T>
std::vector<float> Floats(const std::vector<T>& values) {
  std::vector<float> floats;
  for (const T value : values) floats.push_back(ToFloat(value));
  return floats;
}

struct LstmCellCase {
  bool hard_sigmoid = true;
  bool tanh = true;
  int pixels = 1;
  int lanes = 4;
  bool is_first = false;  // no slice before
  bool is_last = false;   // no gradient from a slice after
};

template <typename T>
class LstmCellExample {
  LstmCellCase case_;  // before the arrays, which have its size

 public:
  explicit LstmCellExample(const LstmCellCase& example) : case_(example) {}

  // The arrays that the call points to, filled before the run.
  std::size_t states() const { return static_cast<std::size_t>(case_.pixels * case_.lanes); }
  std::vector<T> input_sums = RandomNumbers<T>(4 * states(), 1, 2);
  std::vector<T> recurrent_sums = RandomNumbers<T>(4 * states(), 2);
  std::vector<float> cell_before = RandomNumbers<float>(states(), 3);
  std::vector<T> gates = RandomNumbers<T>(4 * states(), 4);  // to be overwritten, as the next two
  std::vector<float> cell = RandomNumbers<float>(states(), 5);
  std::vector<T> hidden = RandomNumbers<T>(states(), 6);
  std::vector<T> hidden_gradient = RandomNumbers<T>(states(), 7);
  std::vector<T> hidden_gradient_next = RandomNumbers<T>(states(), 8);
  std::vector<float> cell_gradient = RandomNumbers<float>(states(), 9);
  std::vector<T> gate_gradient = RandomNumbers<T>(4 * states(), 10);

  // A call of the host's arrays.
  LstmCellCall<T> Call() {
    LstmCellCall<T> call = {case_.hard_sigmoid, case_.tanh, case_.pixels, case_.lanes};
    call.input_sums = input_sums.data();
    call.gates = gates.data();
    call.cell = cell.data();
    call.hidden = hidden.data();
    call.hidden_gradient = hidden_gradient.data();
    call.cell_gradient = cell_gradient.data();
    call.gate_gradient = gate_gradient.data();
    if (!case_.is_first) {
      call.recurrent_sums = recurrent_sums.data();
      call.cell_before = cell_before.data();
    }
    if (!case_.is_last) call.hidden_gradient_next = hidden_gradient_next.data();
    return call;
  }

  // After a forward run on these arrays.
  void ExpectForward() {
    std::vector<float> sums = Floats(input_sums), c(states()), a(states()), h(states());
    const std::vector<float> recurrent = Floats(recurrent_sums);
    for (std::size_t i = 0; i < sums.size() && !case_.is_first; ++i) sums[i] += recurrent[i];
    CellCall<float> call = Reference(sums, c, a);
    call.hidden = Of(h, case_.lanes);
    CellForward(call);
    ExpectNear(cell, c, 2e-6);
    ExpectNear(Floats(gates), sums, kStored);
    ExpectNear(Floats(hidden), h, kStored);
  }

  // After a backward run on these arrays: from the gates and cells as they are stored.
  void ExpectBackward(std::vector<float> cell_gradient_after) {
    std::vector<float> g = Floats(gates), c = cell, a = cell, gradient(4 * states());
    for (float& active : a) active = case_.tanh ? std::tanh(active) : active;
    std::vector<float> by_output = Floats(hidden_gradient), by_next = Floats(hidden_gradient_next);
    CellCall<float> call = Reference(g, c, a);
    call.hidden_gradient = Of(by_output, case_.lanes);
    if (!case_.is_last) call.hidden_gradient_next = Of(by_next, case_.lanes);
    call.cell_gradient = Of(cell_gradient_after, case_.lanes);
    call.gate_gradient = Of(gradient, 4 * case_.lanes);
    CellBackward(call);
    ExpectNear(Floats(gate_gradient), gradient, kStored);
    ExpectNear(cell_gradient, cell_gradient_after, 4e-6);
  }

 private:
  // Rounding of what is stored, relative to numbers of size 1.
  static constexpr double kStored = sizeof(T) == sizeof(float) ? 4e-6 : 1.0 / 256;

  // The device's arrays are maps of one row without border.
  Map<float> Of(std::vector<float>& values, int lanes) const {
    return {values.data(), MapShape{1, case_.pixels, lanes, /*border=*/0}};
  }
  CellCall<float> Reference(std::vector<float>& gates_in_out, std::vector<float>& c,
                            std::vector<float>& a) {
    CellCall<float> call;
    call.hard_sigmoid = case_.hard_sigmoid;
    call.tanh = case_.tanh;
    call.gates = Of(gates_in_out, 4 * case_.lanes);
    call.cell = Of(c, case_.lanes);
    call.active_cell = case_.tanh ? Of(a, case_.lanes) : call.cell;
    if (!case_.is_first) call.cell_before = Of(cell_before, case_.lanes);
    return call;
  }
  static void ExpectNear(const std::vector<float>& found, const std::vector<float>& expected,
                         double tolerance) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], expected[i], tolerance * std::max(1.0f, std::abs(expected[i]))) << i;
    }
  }
};

// Every pair of activations, sizes that fill blocks and that do not, and both ends of a sequence.
inline void ForEachLstmCellCase(const std::function<void(const LstmCellCase&)>& check) {
  for (const bool hard_sigmoid : {true, false}) {
    for (const bool tanh : {true, false}) {
      for (const int lanes : {4, 8, 48}) {
        check({hard_sigmoid, tanh, 37, lanes, lanes == 8, lanes == 4});
        check({hard_sigmoid, tanh, 512, lanes});
      }
    }
  }
}

}  // namespace peculiar
