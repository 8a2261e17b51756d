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
    const V value = hn::Div(Number(d, 1), hn::Add(Number(d, 1), power));
    return hn::IfThenElse(hn::IsNaN(x), x, value);  // Exp drops a NaN
  }
  template <class D, class V>
  static HWY_INLINE V Slope(D d, V y) {
    return hn::Mul(y, hn::Sub(Number(d, 1), y));
  }
};
// For float x P(x^2) / Q(x^2), P and Q of degree 4: a fit to tanh(x) / x on |x| <= 9.011, beyond
// which tanh rounds to 1, by least squares reweighted towards equal relative errors. The fit's
// is 2.1e-8, that of the arithmetic 3e-7 (5 units in the last place). A third of the time of
// hn::Tanh.
struct Tanh {
  template <class D, class V>
  static HWY_INLINE V Value(D d, V x) {
    if constexpr (sizeof(hn::TFromD<D>) == sizeof(double)) {
      return hn::Tanh(d, x);
    } else {
      x = AtLeast(d, -9.011, AtMost(d, 9.011, x));
      const V u = hn::Mul(x, x);
      V p = hn::MulAdd(u, Number(d, 1.3333239769160578e-8), Number(d, 2.0593936445848043e-5));
      p = hn::MulAdd(u, p, Number(d, 3.4946826197232022e-3));
      p = hn::MulAdd(u, p, Number(d, 0.1338026874062577));
      p = hn::MulAdd(u, p, Number(d, 0.99999997985038456));
      V q = hn::MulAdd(u, Number(d, 7.7678817003146555e-7), Number(d, 3.2841431676502829e-4));
      q = hn::MulAdd(u, q, Number(d, 2.5873554084663522e-2));
      q = hn::MulAdd(u, q, Number(d, 0.46713584435873831));
      q = hn::MulAdd(u, q, Number(d, 1));
      return AtLeast(d, -1, AtMost(d, 1, hn::Div(hn::Mul(x, p), q)));
    }
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

// A vector of each gate.
template <class D>
struct Gates {
  hn::Vec<D> input, forget, candidate, output;
};

// How a vector of each gate lies in memory: within a pixel, `lanes` from one gate to the next.
struct WithinPixel {
  static constexpr int kPixels = 1;  // that a vector spans
  template <class D, typename T = hn::TFromD<D>>
  static HWY_INLINE Gates<D> Load(D d, const T* gates, int lanes) {
    return {hn::LoadU(d, gates), hn::LoadU(d, gates + lanes), hn::LoadU(d, gates + 2 * lanes),
            hn::LoadU(d, gates + 3 * lanes)};
  }
  template <class D, typename T = hn::TFromD<D>>
  static HWY_INLINE void Store(D d, const Gates<D>& values, T* gates, int lanes) {
    hn::StoreU(values.input, d, gates);
    hn::StoreU(values.forget, d, gates + lanes);
    hn::StoreU(values.candidate, d, gates + 2 * lanes);
    hn::StoreU(values.output, d, gates + 3 * lanes);
  }
};

#if HWY_TARGET != HWY_SCALAR
// Pixels of half a vector: each gate's vector holds two of them. In memory two gates of a pixel
// share a vector: (i, f), (c, o), then those of the next.
struct OverTwoPixels {
  static constexpr int kPixels = 2;
  template <class D, typename T = hn::TFromD<D>>
  static HWY_INLINE Gates<D> Load(D d, const T* gates, int lanes) {
    const auto first_if = hn::LoadU(d, gates), first_co = hn::LoadU(d, gates + 2 * lanes);
    const auto next_if = hn::LoadU(d, gates + 4 * lanes), next_co = hn::LoadU(d, gates + 6 * lanes);
    return {hn::ConcatLowerLower(d, next_if, first_if), hn::ConcatUpperUpper(d, next_if, first_if),
            hn::ConcatLowerLower(d, next_co, first_co), hn::ConcatUpperUpper(d, next_co, first_co)};
  }
  template <class D, typename T = hn::TFromD<D>>
  static HWY_INLINE void Store(D d, const Gates<D>& values, T* gates, int lanes) {
    hn::StoreU(hn::ConcatLowerLower(d, values.forget, values.input), d, gates);
    hn::StoreU(hn::ConcatLowerLower(d, values.output, values.candidate), d, gates + 2 * lanes);
    hn::StoreU(hn::ConcatUpperUpper(d, values.forget, values.input), d, gates + 4 * lanes);
    hn::StoreU(hn::ConcatUpperUpper(d, values.output, values.candidate), d, gates + 6 * lanes);
  }
};
#endif

template <class Gate, class Activation, class Access, class D, typename T = hn::TFromD<D>>
HWY_INLINE void Forward(D d, const CellCall<T>& call, int y, int x, int k) {
  const int lanes = call.cell.shape.lanes;
  T* gates = call.gates.At(y, x) + k;
  Gates<D> g = Access::Load(d, gates, lanes);
  g.input = Gate::Value(d, g.input);
  g.forget = Gate::Value(d, g.forget);
  g.candidate = Activation::Value(d, g.candidate);
  g.output = Gate::Value(d, g.output);
  const auto before = LoadOrZero(d, Pixel(call.cell_before, y, x), k);
  const auto c = hn::MulAdd(g.forget, before, hn::Mul(g.input, g.candidate));
  const auto a = Activation::Value(d, c);
  Access::Store(d, g, gates, lanes);
  hn::StoreU(c, d, call.cell.At(y, x) + k);
  hn::StoreU(a, d, call.active_cell.At(y, x) + k);  // the same as `cell` when linear
  hn::StoreU(hn::Mul(g.output, a), d, call.hidden.At(y, x) + k);
}

template <class Gate, class Activation, class Access, class D, typename T = hn::TFromD<D>>
HWY_INLINE void Backward(D d, const CellCall<T>& call, int y, int x, int k) {
  const int lanes = call.cell.shape.lanes;
  T* cell_gradient = call.cell_gradient.At(y, x) + k;
  const Gates<D> g = Access::Load(d, call.gates.At(y, x) + k, lanes);
  const auto a = hn::LoadU(d, call.active_cell.At(y, x) + k);
  const auto before = LoadOrZero(d, Pixel(call.cell_before, y, x), k);
  const auto dh = hn::Add(LoadOrZero(d, Pixel(call.hidden_gradient, y, x), k),
                          LoadOrZero(d, Pixel(call.hidden_gradient_next, y, x), k));
  const auto dc =
      hn::MulAdd(hn::Mul(dh, g.output), Activation::Slope(d, a), hn::LoadU(d, cell_gradient));
  const Gates<D> gradient = {hn::Mul(hn::Mul(dc, g.candidate), Gate::Slope(d, g.input)),
                             hn::Mul(hn::Mul(dc, before), Gate::Slope(d, g.forget)),
                             hn::Mul(hn::Mul(dc, g.input), Activation::Slope(d, g.candidate)),
                             hn::Mul(hn::Mul(dh, a), Gate::Slope(d, g.output))};
  Access::Store(d, gradient, call.gate_gradient.At(y, x) + k, lanes);
  hn::StoreU(hn::Mul(dc, g.forget), d, cell_gradient);
}

enum class Pass { kForward, kBackward };

template <Pass pass, class Gate, class Activation, class Access, class D,
          typename T = hn::TFromD<D>>
HWY_NOINLINE void Pixels(D d, const CellCall<T>& call) {
  const MapShape& shape = call.cell.shape;
  for (int y = 0; y < shape.rows; ++y) {
    for (int x = 0; x < shape.columns; x += Access::kPixels) {
      for (int k = 0; k < Access::kPixels * shape.lanes; k += static_cast<int>(hn::Lanes(d))) {
        if constexpr (pass == Pass::kForward) {
          Forward<Gate, Activation, Access>(d, call, y, x, k);
        } else {
          Backward<Gate, Activation, Access>(d, call, y, x, k);
        }
      }
    }
  }
}

template <Pass pass, class Gate, class Activation, typename T>
HWY_INLINE void WithVectors(const CellCall<T>& call) {
  const hn::CappedTag<T, 16> d;
  const int lanes = call.cell.shape.lanes;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) == 16) {
    if (lanes == 8 && call.cell.shape.columns % OverTwoPixels::kPixels == 0) {
      return Pixels<pass, Gate, Activation, OverTwoPixels>(d, call);
    }
  }
#endif
  if (lanes >= 16) {
    Pixels<pass, Gate, Activation, WithinPixel>(d, call);
  } else if (lanes == 8) {
    Pixels<pass, Gate, Activation, WithinPixel>(hn::CappedTag<T, 8>(), call);
  } else {
    Pixels<pass, Gate, Activation, WithinPixel>(hn::CappedTag<T, 4>(), call);
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

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(CellForwardFloat);
HWY_EXPORT(CellForwardDouble);
HWY_EXPORT(CellBackwardFloat);
HWY_EXPORT(CellBackwardDouble);

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

}  // namespace peculiar
#endif  // HWY_ONCE
