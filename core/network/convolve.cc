#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/convolve.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>

#include "core/network/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Sums of a tile held in registers: as many as hide the latency of a multiply-add twice over and
// still leave registers for the weights.
constexpr int kSums = HWY_TARGET <= HWY_AVX3 ? 16 : 8;
constexpr int kMaxVectors = HWY_TARGET <= HWY_AVX3 ? 2 : 4;
constexpr int kMaxPixels = 16;

// V vectors of P neighbouring output pixels of row y from column x on. The vectors start at `lane`
// of a group that starts at `first_lane` and is `group` lanes wide.
// long: one loop nest around registers
template <class D, int V, int P, typename T = hn::TFromD<D>>
HWY_INLINE void Tile(D d, const ConvCall<T>& call, int first_lane, int group, int lane, int y,
                     int x) {
  using Vector = hn::Vec<D>;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  constexpr int kHalf = 8;
  Vector sums[V * P];
#pragma GCC unroll 16
  for (int i = 0; i < V * P; ++i) sums[i] = hn::LoadU(d, call.bias + lane + i / P * kLanes);
  for (const ConvSource<T>& source : call.sources) {
    int values = 0;
    for (const ConvRun& run : source.runs) values += run.length;
    const T* HWY_RESTRICT w = source.weights + first_lane * values + (lane - first_lane);
    const T* in = source.data + y * source.row + x * source.pixel;
    for (const ConvRun& run : source.runs) {
      // Two pointers, so that the offsets of 16 pixels fit the registers.
      const T* HWY_RESTRICT value = in + run.offset;
      const T* HWY_RESTRICT upper = value + kHalf * source.pixel;
#pragma GCC unroll 4
      for (int k = 0; k < run.length; ++k, ++value, ++upper, w += group) {
        Vector weights[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) weights[v] = hn::LoadU(d, w + v * kLanes);
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p) {
          const Vector broadcast =
              hn::Set(d, p < kHalf ? value[p * source.pixel] : upper[(p - kHalf) * source.pixel]);
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) {
            sums[v * P + p] = hn::MulAdd(broadcast, weights[v], sums[v * P + p]);
          }
        }
      }
    }
  }
  T* HWY_RESTRICT out = call.out + y * call.out_row + x * call.out_pixel + lane;
#pragma GCC unroll 16
  for (int i = 0; i < V * P; ++i) {
    hn::StoreU(sums[i], d, out + i % P * call.out_pixel + i / P * kLanes);
  }
}

// Columns [x, columns) of row y in tiles of P pixels, what is left in smaller ones.
template <class D, int V, int P, typename T = hn::TFromD<D>>
HWY_INLINE void Columns(D d, const ConvCall<T>& call, int first_lane, int group, int lane, int y,
                        int x) {
  for (; x + P <= call.columns; x += P) Tile<D, V, P>(d, call, first_lane, group, lane, y, x);
  if constexpr (P > 1) Columns<D, V, P / 2>(d, call, first_lane, group, lane, y, x);
}

template <class D, int V, typename T = hn::TFromD<D>>
HWY_NOINLINE void Rows(D d, const ConvCall<T>& call, int first_lane, int group, int lane) {
  for (int y = 0; y < call.rows; ++y) {
    Columns<D, V, std::min(kSums / V, kMaxPixels)>(d, call, first_lane, group, lane, y, 0);
  }
}

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void Group(D d, const ConvCall<T>& call, int first_lane, int group) {
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  for (int lane = first_lane; lane < first_lane + group;) {
    const int vectors = (first_lane + group - lane) / kLanes;
    if constexpr (kMaxVectors >= 4) {
      if (vectors >= 4) {
        Rows<D, 4>(d, call, first_lane, group, lane);
        lane += 4 * kLanes;
        continue;
      }
    }
    if (vectors >= 2) {
      Rows<D, 2>(d, call, first_lane, group, lane);
      lane += 2 * kLanes;
    } else {
      Rows<D, 1>(d, call, first_lane, group, lane);
      lane += kLanes;
    }
  }
}

template <typename T>
HWY_INLINE void ConvolveAny(const ConvCall<T>& call) {
  for (int lane = 0; lane < call.lanes; lane += kLaneGroup) {
    const int group = std::min(kLaneGroup, call.lanes - lane);
    if (group >= 16) {
      Group(hn::CappedTag<T, 16>(), call, lane, group);
    } else if (group == 8) {
      Group(hn::CappedTag<T, 8>(), call, lane, group);
    } else {
      Group(hn::CappedTag<T, 4>(), call, lane, group);
    }
  }
}

void ConvolveFloat(const ConvCall<float>& call) { ConvolveAny(call); }
void ConvolveDouble(const ConvCall<double>& call) { ConvolveAny(call); }

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(ConvolveFloat);
HWY_EXPORT(ConvolveDouble);

template <>
void Convolve(const ConvCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(ConvolveFloat)(call);
}
template <>
void Convolve(const ConvCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(ConvolveDouble)(call);
}

}  // namespace peculiar
#endif  // HWY_ONCE
