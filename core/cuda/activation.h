// The activations of a ConvLSTM for device code: an activation's value, and its derivative as a
// function of that value. Host and device. A NaN stays a NaN.
#pragma once

#include <math.h>

#include "core/cuda/number.h"

namespace peculiar {

struct HardSigmoidOnDevice {  // clip(0.2 x + 0.5, 0, 1)
  PECULIAR_HOST_DEVICE static float Value(float x) {
    const float line = fmaf(x, 0.2f, 0.5f);
    return line < 0 ? 0 : line > 1 ? 1 : line;
  }
  PECULIAR_HOST_DEVICE static float Slope(float y) { return y > 0 && y < 1 ? 0.2f : 0.0f; }
};
struct SigmoidOnDevice {
  PECULIAR_HOST_DEVICE static float Value(float x) { return 1 / (1 + expf(-x)); }
  PECULIAR_HOST_DEVICE static float Slope(float y) { return y * (1 - y); }
};
struct TanhOnDevice {
  PECULIAR_HOST_DEVICE static float Value(float x) { return tanhf(x); }
  PECULIAR_HOST_DEVICE static float Slope(float y) { return fmaf(-y, y, 1.0f); }
};
struct LinearOnDevice {
  PECULIAR_HOST_DEVICE static float Value(float x) { return x; }
  PECULIAR_HOST_DEVICE static float Slope(float) { return 1; }
};

// run(gate, activation) with the types that the two flags of a cell mean; returns what it returns.
template <class Run>
auto WithActivations(bool hard_sigmoid, bool tanh, Run run) {
  if (hard_sigmoid) {
    return tanh ? run(HardSigmoidOnDevice(), TanhOnDevice())
                : run(HardSigmoidOnDevice(), LinearOnDevice());
  }
  return tanh ? run(SigmoidOnDevice(), TanhOnDevice()) : run(SigmoidOnDevice(), LinearOnDevice());
}

}  // namespace peculiar
