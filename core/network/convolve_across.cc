#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/convolve_across.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>

#include "core/network/kernels.h"
#include "core/network/sum_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Sums of a tile held in registers, four by four.
constexpr int kFours = HWY_TARGET <= HWY_AVX3 ? 4 : 1;

// P neighbouring output pixels of row y from column x on, L of their lanes; pixels from `n` on are
// computed as the last before and not stored.
template <class D, int kWidth, int P, int L, bool whole, typename T = hn::TFromD<D>>
HWY_INLINE void Tile(D d, const ConvCall<T>& call, const ConvSource<T>& source, int lane, int y,
                     int x, int n) {
  constexpr int kParts = kWidth / static_cast<int>(hn::MaxLanes(D()));
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  hn::Vec<D> sums[P * L / 4][4][kParts];
  for (auto& four : sums) ClearSums(d, four);
  const T* HWY_RESTRICT w = source.weights + lane * kWidth;
  const T* in = source.data + y * source.row + x * source.pixel;
  for (const ConvRun& run : source.runs) {
    const T* HWY_RESTRICT value = in + run.offset;
    for (int k = 0; k < run.length; k += kWidth, w += call.lanes * kWidth) {
#pragma GCC unroll 2
      for (int part = 0; part < kParts; ++part) {
        hn::Vec<D> weights[L];
#pragma GCC unroll 4
        for (int l = 0; l < L; ++l) weights[l] = hn::LoadU(d, w + l * kWidth + part * kLanes);
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p) {
          const int pixel = whole ? p : std::min(p, n - 1);
          const auto values = hn::LoadU(d, value + pixel * source.pixel + k + part * kLanes);
#pragma GCC unroll 4
          for (int l = 0; l < L; ++l) {
            auto& sum = sums[(p * L + l) / 4][(p * L + l) % 4][part];
            sum = hn::MulAdd(values, weights[l], sum);
          }
        }
      }
    }
  }
  T totals[P * L];
#pragma GCC unroll 4
  for (int i = 0; i < P * L / 4; ++i) SumLanes(d, sums[i], totals + 4 * i);
  T* out = call.out + y * call.out_row + x * call.out_pixel + lane;
  for (int p = 0; p < (whole ? P : n); ++p, out += call.out_pixel) {
#pragma GCC unroll 4
    for (int l = 0; l < L; ++l) out[l] = call.bias[lane + l] + totals[p * L + l];
  }
}

template <class D, int kWidth, int L, typename T = hn::TFromD<D>>
HWY_NOINLINE void Rows(D d, const ConvCall<T>& call, int lane) {
  constexpr int kPixels = 4 * kFours / L;
  const ConvSource<T> source = call.sources[0];
  for (int y = 0; y < call.rows; ++y) {
    int x = 0;
    for (; x + kPixels <= call.columns; x += kPixels) {
      Tile<D, kWidth, kPixels, L, true>(d, call, source, lane, y, x, kPixels);
    }
    const int left = call.columns - x;
    if (left > 0) Tile<D, kWidth, kPixels, L, false>(d, call, source, lane, y, x, left);
  }
}

template <int kWidth, typename T>
HWY_INLINE void OfWidth(const ConvCall<T>& call) {
  const hn::CappedTag<T, kWidth> d;
  if (call.lanes == 1) return Rows<decltype(d), kWidth, 1>(d, call, 0);
  for (int lane = 0; lane < call.lanes; lane += 4) Rows<decltype(d), kWidth, 4>(d, call, lane);
}

template <typename T>
HWY_INLINE void ConvolveAny(const ConvCall<T>& call, int width) {
  if (width == 16) return OfWidth<16>(call);
  if (width == 8) return OfWidth<8>(call);
  OfWidth<4>(call);
}

void ConvolveFloat(const ConvCall<float>& call, int width) { ConvolveAny(call, width); }
void ConvolveDouble(const ConvCall<double>& call, int width) { ConvolveAny(call, width); }

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(ConvolveFloat);
HWY_EXPORT(ConvolveDouble);

template <>
void ConvolveAcross(const ConvCall<float>& call, int width) {
  HWY_DYNAMIC_DISPATCH(ConvolveFloat)(call, width);
}
template <>
void ConvolveAcross(const ConvCall<double>& call, int width) {
  HWY_DYNAMIC_DISPATCH(ConvolveDouble)(call, width);
}

}  // namespace peculiar
#endif  // HWY_ONCE
