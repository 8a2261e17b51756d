#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/cell.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "core/network/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> Number(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

// Highway's Max and Min drop a NaN on some targets; these keep it.
template <class D, class V>
HWY_INLINE V AtLeast(D d, double low, V x) {
  return hn::IfThenElse(hn::Lt(x, Number(d, low)), Number(d, low), x);
}
template <class D, class V>
HWY_INLINE V AtMost(D d, double high, V x) {
  return hn::IfThenElse(hn::Gt(x, Number(d, high)), Number(d, high), x);
}

// An activation: its value, and its derivative as a function of that value. A NaN stays a NaN.
struct HardSigmoid {  // clip(0.2 x + 0.5, 0, 1)
  template <class D, class V>
  static HWY_INLINE V Value(D d, V x) {
    const V line = hn::MulAdd(x, Number(d, 0.2), Number(d, 0.5));
    return AtLeast(d, 0, AtMost(d, 1, line));
  }
  template <class D, class V>
  static HWY_INLINE V Slope(D d, V y) {
    const auto inside = hn::And(hn::Gt(y, hn::Zero(d)), hn::Lt(y, Number(d, 1)));
    return hn::IfThenElseZero(inside, Number(d, 0.2));
  }
};
struct Sigmoid {
  template <class D, class V>
  static HWY_INLINE V Value(D d, V x) {
    // Below -80 the exponential would overflow a float; the value is 0 there all the same.
    const V power = hn::Exp(d, hn::Neg(AtLeast(d, -80, x)));
    return hn::Div(Number(d, 1), hn::Add(Number(d, 1), power));
  }
  template <class D, class V>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::Mul(y, hn::Sub(Number(d, 1), y));
  }
};
struct Tanh {
  template <class D, class V>
  static HWY_INLINE V Value(D d, V x) {
    return hn::Tanh(d, x);
  }
  template <class D, class V>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::NegMulAdd(y, y, Number(d, 1));
  }
};
struct Linear {
  template <class D, class V>
  static HWY_INLINE V Value(D, V x) {
    return x;
  }
  template <class D, class V>
  static HWY_INLINE V Slope(D d, V) {
    return Number(d, 1);
  }
};

// The values of a map at (y, x), or null where the call has no such map.
template <typename T>
HWY_INLINE T* Pixel(const Map<T>& map, int y, int x) {
  return map.values == nullptr ? nullptr : map.At(y, x);
}
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadOrZero(D d, const T* values, int k) {
  return values == nullptr ? hn::Zero(d) : hn::LoadU(d, values + k);
}

template <class Gate, class Activation, class D, typename T = hn::TFromD<D>>
HWY_INLINE void ForwardPixel(D d, const CellCall<T>& call, int y, int x) {
  const int lanes = call.cell.shape.lanes;
  T* HWY_RESTRICT gates = call.gates.At(y, x);
  const T* before = Pixel(call.cell_before, y, x);
  T* cell = call.cell.At(y, x);
  T* active = call.active_cell.At(y, x);  // the same as `cell` when linear
  T* HWY_RESTRICT hidden = call.hidden.At(y, x);
  for (int k = 0; k < lanes; k += static_cast<int>(hn::Lanes(d))) {
    const auto input = Gate::Value(d, hn::LoadU(d, gates + k));
    const auto forget = Gate::Value(d, hn::LoadU(d, gates + lanes + k));
    const auto candidate = Activation::Value(d, hn::LoadU(d, gates + 2 * lanes + k));
    const auto output = Gate::Value(d, hn::LoadU(d, gates + 3 * lanes + k));
    const auto c = hn::MulAdd(forget, LoadOrZero(d, before, k), hn::Mul(input, candidate));
    const auto a = Activation::Value(d, c);
    hn::StoreU(input, d, gates + k);
    hn::StoreU(forget, d, gates + lanes + k);
    hn::StoreU(candidate, d, gates + 2 * lanes + k);
    hn::StoreU(output, d, gates + 3 * lanes + k);
    hn::StoreU(c, d, cell + k);
    hn::StoreU(a, d, active + k);
    hn::StoreU(hn::Mul(output, a), d, hidden + k);
  }
}

template <class Gate, class Activation, class D, typename T = hn::TFromD<D>>
HWY_INLINE void BackwardPixel(D d, const CellCall<T>& call, int y, int x) {
  const int lanes = call.cell.shape.lanes;
  const T* HWY_RESTRICT gates = call.gates.At(y, x);
  const T* before = Pixel(call.cell_before, y, x);
  const T* HWY_RESTRICT active = call.active_cell.At(y, x);
  const T* from_output = Pixel(call.hidden_gradient, y, x);
  const T* from_next = Pixel(call.hidden_gradient_next, y, x);
  T* HWY_RESTRICT cell_gradient = call.cell_gradient.At(y, x);
  T* HWY_RESTRICT gradient = call.gate_gradient.At(y, x);
  for (int k = 0; k < lanes; k += static_cast<int>(hn::Lanes(d))) {
    const auto input = hn::LoadU(d, gates + k);
    const auto forget = hn::LoadU(d, gates + lanes + k);
    const auto candidate = hn::LoadU(d, gates + 2 * lanes + k);
    const auto output = hn::LoadU(d, gates + 3 * lanes + k);
    const auto a = hn::LoadU(d, active + k);
    const auto dh = hn::Add(LoadOrZero(d, from_output, k), LoadOrZero(d, from_next, k));
    const auto dc =
        hn::MulAdd(hn::Mul(dh, output), Activation::Slope(d, a), hn::LoadU(d, cell_gradient + k));
    const auto di = hn::Mul(hn::Mul(dc, candidate), Gate::Slope(d, input));
    const auto df = hn::Mul(hn::Mul(dc, LoadOrZero(d, before, k)), Gate::Slope(d, forget));
    const auto dg = hn::Mul(hn::Mul(dc, input), Activation::Slope(d, candidate));
    const auto dout = hn::Mul(hn::Mul(dh, a), Gate::Slope(d, output));
    hn::StoreU(di, d, gradient + k);
    hn::StoreU(df, d, gradient + lanes + k);
    hn::StoreU(dg, d, gradient + 2 * lanes + k);
    hn::StoreU(dout, d, gradient + 3 * lanes + k);
    hn::StoreU(hn::Mul(dc, forget), d, cell_gradient + k);
  }
}

enum class Pass { kForward, kBackward };

template <Pass pass, class Gate, class Activation, class D, typename T = hn::TFromD<D>>
HWY_NOINLINE void Pixels(D d, const CellCall<T>& call) {
  for (int y = 0; y < call.cell.shape.rows; ++y) {
    for (int x = 0; x < call.cell.shape.columns; ++x) {
      if constexpr (pass == Pass::kForward) {
        ForwardPixel<Gate, Activation>(d, call, y, x);
      } else {
        BackwardPixel<Gate, Activation>(d, call, y, x);
      }
    }
  }
}

template <Pass pass, class Gate, class Activation, typename T>
HWY_INLINE void WithVectors(const CellCall<T>& call) {
  if (call.cell.shape.lanes >= 16) {
    Pixels<pass, Gate, Activation>(hn::CappedTag<T, 16>(), call);
  } else if (call.cell.shape.lanes == 8) {
    Pixels<pass, Gate, Activation>(hn::CappedTag<T, 8>(), call);
  } else {
    Pixels<pass, Gate, Activation>(hn::CappedTag<T, 4>(), call);
  }
}

template <Pass pass, typename T>
HWY_INLINE void WithActivations(const CellCall<T>& call) {
  if (call.hard_sigmoid) {
    call.tanh ? WithVectors<pass, HardSigmoid, Tanh>(call)
              : WithVectors<pass, HardSigmoid, Linear>(call);
  } else {
    call.tanh ? WithVectors<pass, Sigmoid, Tanh>(call) : WithVectors<pass, Sigmoid, Linear>(call);
  }
}

void CellForwardFloat(const CellCall<float>& call) { WithActivations<Pass::kForward>(call); }
void CellForwardDouble(const CellCall<double>& call) { WithActivations<Pass::kForward>(call); }
void CellBackwardFloat(const CellCall<float>& call) { WithActivations<Pass::kBackward>(call); }
void CellBackwardDouble(const CellCall<double>& call) { WithActivations<Pass::kBackward>(call); }

template <typename T>
HWY_INLINE void EluAny(T* values, std::size_t n) {
  const hn::CappedTag<T, 16> d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, values + i);
    const auto below = hn::Expm1(d, AtMost(d, 0, x));
    hn::StoreU(hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, below), d, values + i);
  }
}

void EluFloat(float* values, std::size_t n) { EluAny(values, n); }
void EluDouble(double* values, std::size_t n) { EluAny(values, n); }

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(CellForwardFloat);
HWY_EXPORT(CellForwardDouble);
HWY_EXPORT(CellBackwardFloat);
HWY_EXPORT(CellBackwardDouble);
HWY_EXPORT(EluFloat);
HWY_EXPORT(EluDouble);

template <>
void CellForward(const CellCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(CellForwardFloat)(call);
}
template <>
void CellForward(const CellCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(CellForwardDouble)(call);
}
template <>
void CellBackward(const CellCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(CellBackwardFloat)(call);
}
template <>
void CellBackward(const CellCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(CellBackwardDouble)(call);
}
template <>
void Elu(float* values, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(EluFloat)(values, n);
}
template <>
void Elu(double* values, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(EluDouble)(values, n);
}

}  // namespace peculiar
#endif  // HWY_ONCE
