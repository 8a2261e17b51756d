#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/convolve_planes.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>

#include "core/network/plane_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kWindow = 3;

// `O` outputs of `R` rows from (y, x) on, a vector of pixels each.
template <class D, int O, int R, typename T = hn::TFromD<D>>
HWY_INLINE void Tile(D d, const PlaneConvCall<T>& call, int y, int x) {
  hn::Vec<D> sums[O * R];
#pragma GCC unroll 16
  for (int i = 0; i < O * R; ++i) sums[i] = hn::Set(d, call.bias[i / R]);
  const T* HWY_RESTRICT w = call.weights;
  for (int input = 0; input < call.inputs; ++input) {
    const T* HWY_RESTRICT in = call.in + input * call.in_plane + (y - 1) * call.in_row + x - 1;
    for (int tap = 0; tap < kWindow * kWindow; ++tap, w += call.outputs) {
      const T* HWY_RESTRICT from = in + tap / kWindow * call.in_row + tap % kWindow;
      hn::Vec<D> weights[O];
#pragma GCC unroll 4
      for (int o = 0; o < O; ++o) weights[o] = hn::Set(d, w[o]);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        const auto values = hn::LoadU(d, from + r * call.in_row);
#pragma GCC unroll 4
        for (int o = 0; o < O; ++o) {
          sums[o * R + r] = hn::MulAdd(values, weights[o], sums[o * R + r]);
        }
      }
    }
  }
  T* HWY_RESTRICT out = call.out + y * call.out_row + x;
#pragma GCC unroll 16
  for (int i = 0; i < O * R; ++i) {
    hn::StoreU(sums[i], d, out + i / R * call.out_plane + i % R * call.out_row);
  }
}

template <class D, int O, typename T = hn::TFromD<D>>
HWY_NOINLINE void Columns(D d, const PlaneConvCall<T>& call, int begin, int end) {
  constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
  for (int x = begin; x < end; x += static_cast<int>(hn::Lanes(d))) {
    int y = 0;
    for (; y + kRows <= call.rows; y += kRows) Tile<D, O, kRows>(d, call, y, x);
    for (; y < call.rows; ++y) Tile<D, O, 1>(d, call, y, x);
  }
}

template <int O, typename T>
HWY_INLINE void Outputs(const PlaneConvCall<T>& call) {
  const hn::CappedTag<T, 16> wide;
  const int whole =
      call.columns / static_cast<int>(hn::Lanes(wide)) * static_cast<int>(hn::Lanes(wide));
  const int eights = std::max(whole, call.columns / 8 * 8);
  Columns<decltype(wide), O>(wide, call, 0, whole);
  Columns<hn::CappedTag<T, 8>, O>(hn::CappedTag<T, 8>(), call, whole, eights);
  Columns<hn::CappedTag<T, 1>, O>(hn::CappedTag<T, 1>(), call, eights, call.columns);
}

template <typename T>
HWY_INLINE void ConvolveAny(const PlaneConvCall<T>& call) {
  if (call.outputs == 1) return Outputs<1>(call);
  if (call.outputs == 2) return Outputs<2>(call);
  if (call.outputs == 3) return Outputs<3>(call);
  Outputs<4>(call);
}

// ---- The gradient of the kernel. Products of pixels whose columns are equal modulo 16 are summed
// apart, so that vectors of any width add in the same order.

constexpr int kMaxInputs = HWY_TARGET <= HWY_AVX3 ? 2 : 1;  // as many sums as fit the registers

// The sums of a row of the window, of I inputs and O outputs: [input][column of the
// window][output].
template <class D, int I, int O, typename T = hn::TFromD<D>>
struct GradientSums {
  hn::Vec<D> sums[I * kWindow * O];

  HWY_INLINE T* Place(const PlaneGradientCall<T>& call, int part, int i) const {
    const int input = i / (kWindow * O), k = i / O % kWindow, o = i % O;
    return call.gradient + ((input * kWindow * kWindow + k) * call.outputs + o) * kPlaneSums + part;
  }
  HWY_INLINE void Load(D d, const PlaneGradientCall<T>& call, int part) {
#pragma GCC unroll 24
    for (int i = 0; i < I * kWindow * O; ++i) sums[i] = hn::LoadU(d, Place(call, part, i));
  }
  HWY_INLINE void Store(D d, const PlaneGradientCall<T>& call, int part) const {
#pragma GCC unroll 24
    for (int i = 0; i < I * kWindow * O; ++i) hn::StoreU(sums[i], d, Place(call, part, i));
  }
  // Adds a vector of pixels of a row, or, unless `whole`, the `n` that are left of it.
  template <bool whole>
  HWY_INLINE void Add(D d, const PlaneGradientCall<T>& call, const T* HWY_RESTRICT in,
                      const T* HWY_RESTRICT out, int n) {
    const auto load = [&](const T* from) HWY_ATTR {
      return whole ? hn::LoadU(d, from)
                   : hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(n)), d, from);
    };
    hn::Vec<D> gradients[O];
#pragma GCC unroll 4
    for (int o = 0; o < O; ++o) gradients[o] = load(out + o * call.out_plane);
#pragma GCC unroll 6
    for (int k = 0; k < I * kWindow; ++k) {
      const auto values = load(in + k / kWindow * call.in_plane + k % kWindow);
#pragma GCC unroll 4
      for (int o = 0; o < O; ++o) {
        sums[k * O + o] = hn::MulAdd(values, gradients[o], sums[k * O + o]);
      }
    }
  }
};

// One row of the window, I inputs, O outputs.
template <int I, int O, typename T>
HWY_NOINLINE void GradientRow(const PlaneGradientCall<T>& call) {
  const hn::CappedTag<T, kPlaneSums> d;
  using D = decltype(d);
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  for (int part = 0; part < kPlaneSums; part += kLanes) {
    GradientSums<D, I, O> sums;
    sums.Load(d, call, part);
    for (int y = 0; y < call.rows; ++y) {
      const T* in = call.in + y * call.in_row;
      const T* out = call.out + y * call.out_row;
      int x = part;
      for (; x + kLanes <= call.columns; x += kPlaneSums) {
        sums.template Add<true>(d, call, in + x, out + x, kLanes);
      }
      if (x < call.columns) {
        sums.template Add<false>(d, call, in + x, out + x, call.columns - x);
      }
    }
    sums.Store(d, call, part);
  }
}

template <int I, int O, typename T>
HWY_INLINE void GradientRows(PlaneGradientCall<T> call) {
  for (int row = 0; row < kWindow; ++row) {
    GradientRow<I, O>(call);
    call.in += call.in_row;
    call.gradient += kWindow * call.outputs * kPlaneSums;
  }
}

template <int O, typename T>
HWY_INLINE void GradientInputs(PlaneGradientCall<T> call) {
  int left = call.inputs;
  const Step input = kWindow * kWindow * call.outputs * kPlaneSums;
  if constexpr (kMaxInputs == 2) {
    for (; left >= 2; left -= 2) {
      GradientRows<2, O>(call);
      call.in += 2 * call.in_plane;
      call.gradient += 2 * input;
    }
  }
  for (; left > 0; --left) {
    GradientRows<1, O>(call);
    call.in += call.in_plane;
    call.gradient += input;
  }
}

template <typename T>
HWY_INLINE void GradientAny(const PlaneGradientCall<T>& call) {
  if (call.outputs == 1) return GradientInputs<1>(call);
  if (call.outputs == 2) return GradientInputs<2>(call);
  if (call.outputs == 3) return GradientInputs<3>(call);
  GradientInputs<4>(call);
}

void ConvolveFloat(const PlaneConvCall<float>& call) { ConvolveAny(call); }
void ConvolveDouble(const PlaneConvCall<double>& call) { ConvolveAny(call); }
void GradientFloat(const PlaneGradientCall<float>& call) { GradientAny(call); }
void GradientDouble(const PlaneGradientCall<double>& call) { GradientAny(call); }

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(ConvolveFloat);
HWY_EXPORT(ConvolveDouble);
HWY_EXPORT(GradientFloat);
HWY_EXPORT(GradientDouble);

template <>
void ConvolvePlanes(const PlaneConvCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(ConvolveFloat)(call);
}
template <>
void ConvolvePlanes(const PlaneConvCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(ConvolveDouble)(call);
}
template <>
void AddPlaneGradient(const PlaneGradientCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(GradientFloat)(call);
}
template <>
void AddPlaneGradient(const PlaneGradientCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(GradientDouble)(call);
}

}  // namespace peculiar
#endif  // HWY_ONCE
