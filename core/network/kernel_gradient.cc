#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/kernel_gradient.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>

#include "core/network/kernels.h"
#include "core/network/plane_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Sums of a tile held in registers.
constexpr int kSums = HWY_TARGET <= HWY_AVX3 ? 24 : 12;

// gradient[r][k][vector] += sum over pixels of scalars[k] x vectors[r][vector]: an outer product a
// pixel. Both operands are contiguous within a pixel.
template <typename T>
struct Outer {
  int rows, columns;
  const T* scalars;
  Step scalar_row, scalar_pixel;
  const T* vectors;
  Step vector_row, vector_pixel, vector_part;  // vector_part: from one r to the next
  T* gradient;
  Step gradient_part, gradient_scalar;  // from one r, one k to the next
};

template <class D, int K, int R, int V, typename T = hn::TFromD<D>>
HWY_NOINLINE void Tile(D d, const Outer<T>& outer) {
  using Vector = hn::Vec<D>;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  const auto place = [&](int i) HWY_ATTR {
    const int r = i / V % R, k = i / (V * R), v = i % V;
    return outer.gradient + r * outer.gradient_part + k * outer.gradient_scalar + v * kLanes;
  };
  Vector sums[K * R * V];
#pragma GCC unroll 24
  for (int i = 0; i < K * R * V; ++i) sums[i] = hn::LoadU(d, place(i));
  for (int y = 0; y < outer.rows; ++y) {
    const T* HWY_RESTRICT scalar = outer.scalars + y * outer.scalar_row;
    const T* HWY_RESTRICT vector = outer.vectors + y * outer.vector_row;
    for (int x = 0; x < outer.columns;
         ++x, scalar += outer.scalar_pixel, vector += outer.vector_pixel) {
      Vector right[R * V];
#pragma GCC unroll 8
      for (int i = 0; i < R * V; ++i) {
        right[i] = hn::LoadU(d, vector + i / V * outer.vector_part + i % V * kLanes);
      }
#pragma GCC unroll 24
      for (int k = 0; k < K; ++k) {
        const Vector left = hn::Set(d, scalar[k]);
#pragma GCC unroll 8
        for (int i = 0; i < R * V; ++i) {
          sums[k * R * V + i] = hn::MulAdd(left, right[i], sums[k * R * V + i]);
        }
      }
    }
  }
#pragma GCC unroll 24
  for (int i = 0; i < K * R * V; ++i) hn::StoreU(sums[i], d, place(i));
}

// All of `scalars` values against V vectors, K values at a time.
template <class D, int K, int R, int V, typename T = hn::TFromD<D>>
HWY_INLINE void Scalars(D d, Outer<T> outer, int scalars) {
  for (int k = 0; k < scalars; k += K) {
    Tile<D, K, R, V>(d, outer);
    outer.scalars += K;
    outer.gradient += K * outer.gradient_scalar;
  }
}

// The values of a window's row are the scalars, the small map's lanes the vectors.
template <class D, int V, typename T = hn::TFromD<D>>
HWY_INLINE void ByLanes(D d, const KernelGradientCall<T>& call, int lane) {
  for (int row = 0; row < 3; ++row) {
    const Outer<T> outer = {call.rows,
                            call.columns,
                            call.big + row * call.window_row,
                            call.big_row,
                            call.big_pixel,
                            call.small + lane,
                            call.small_row,
                            call.small_lanes,
                            0,
                            call.gradient + row * call.run_length * call.small_lanes + lane,
                            0,
                            call.small_lanes};
    if (call.run_length % (kSums / V) == 0) {
      Scalars<D, kSums / V, 1, V>(d, outer, call.run_length);
    } else if (call.run_length % 12 == 0) {
      Scalars<D, std::min(12, kSums / V), 1, V>(d, outer, call.run_length);
    } else {
      Scalars<D, 3, 1, V>(d, outer, call.run_length);
    }
  }
}

// The small map's lanes are the scalars, the values of the window's three rows the vectors.
template <class D, int V, typename T = hn::TFromD<D>>
HWY_INLINE void ByValues(D d, const KernelGradientCall<T>& call, int value) {
  const Step stride = GradientStride(call.run_length);
  const Outer<T> outer = {call.rows,
                          call.columns,
                          call.small,
                          call.small_row,
                          call.small_lanes,
                          call.big + value,
                          call.big_row,
                          call.big_pixel,
                          call.window_row,
                          call.gradient + value,
                          call.small_lanes * stride,
                          stride};
  if (call.small_lanes == 1) {
    Scalars<D, 1, 3, V>(d, outer, 1);
  } else {
    Scalars<D, std::min(4, kSums / (3 * V)), 3, V>(d, outer, call.small_lanes);
  }
}

// Vectors of D over [0, lanes), two at a time.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void Vectors(D d, const KernelGradientCall<T>& call, int lanes) {
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  const bool transposed = GradientIsTransposed(call.small_lanes);
  for (int lane = 0; lane < lanes;) {
    const bool two = lanes - lane >= 2 * kLanes;
    if (transposed) {
      two ? ByValues<D, 2>(d, call, lane) : ByValues<D, 1>(d, call, lane);
    } else {
      two ? ByLanes<D, 2>(d, call, lane) : ByLanes<D, 1>(d, call, lane);
    }
    lane += two ? 2 * kLanes : kLanes;
  }
}

template <typename T>
HWY_INLINE void AddAny(const KernelGradientCall<T>& call) {
  const int lanes =
      GradientIsTransposed(call.small_lanes) ? GradientStride(call.run_length) : call.small_lanes;
  if (lanes >= 16) {
    Vectors(hn::CappedTag<T, 16>(), call, lanes);
  } else if (lanes == 8) {
    Vectors(hn::CappedTag<T, 8>(), call, lanes);
  } else {
    Vectors(hn::CappedTag<T, 4>(), call, lanes);
  }
}

// Four sums of a lane in turn over the pixels of a row, so that additions need not wait.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void AddLanes(D d, const Map<T>& map, T* sums) {
  for (int k = 0; k < map.shape.lanes; k += static_cast<int>(hn::Lanes(d))) {
    hn::Vec<D> parts[4] = {hn::LoadU(d, sums + k), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    for (int y = 0; y < map.shape.rows; ++y) {
      const T* HWY_RESTRICT pixel = map.At(y, 0) + k;
      int x = 0;
      for (; x + 4 <= map.shape.columns; x += 4, pixel += 4 * map.shape.lanes) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          parts[i] = hn::Add(parts[i], hn::LoadU(d, pixel + i * map.shape.lanes));
        }
      }
      for (; x < map.shape.columns; ++x, pixel += map.shape.lanes) {
        parts[0] = hn::Add(parts[0], hn::LoadU(d, pixel));
      }
    }
    hn::StoreU(hn::Add(hn::Add(parts[0], parts[1]), hn::Add(parts[2], parts[3])), d, sums + k);
  }
}

// The pixels of a plane whose columns are equal modulo 16 have a sum of their own, so that vectors
// of any width add in the same order.
template <typename T>
HWY_INLINE void AddPlanes(const Map<T>& map, T* sums) {
  const hn::CappedTag<T, kPlaneSums> d;
  const int step = static_cast<int>(hn::Lanes(d));
  const int whole = map.shape.columns / step * step;
  for (int plane = 0; plane < map.shape.planes; ++plane) {
    T parts[kPlaneSums] = {};
    for (int y = 0; y < map.shape.rows; ++y) {
      const T* row = map.At(y, 0) + plane * map.shape.plane_step();
      for (int x = 0; x < whole; x += step) {
        T* part = parts + x % kPlaneSums;
        hn::StoreU(hn::Add(hn::LoadU(d, part), hn::LoadU(d, row + x)), d, part);
      }
      for (int x = whole; x < map.shape.columns; ++x) parts[x % kPlaneSums] += row[x];
    }
    for (const T part : parts) sums[plane] += part;
  }
}

template <typename T>
HWY_INLINE void AddLanesAny(const Map<T>& map, T* sums) {
  if (map.shape.lanes >= 16) {
    AddLanes(hn::CappedTag<T, 16>(), map, sums);
  } else if (map.shape.lanes == 8) {
    AddLanes(hn::CappedTag<T, 8>(), map, sums);
  } else if (map.shape.lanes == 4) {
    AddLanes(hn::CappedTag<T, 4>(), map, sums);
  } else {
    AddPlanes(map, sums);
  }
}

void AddPixelsFloat(const Map<float>& map, float* sums) { AddLanesAny(map, sums); }
void AddPixelsDouble(const Map<double>& map, double* sums) { AddLanesAny(map, sums); }
void AddFloat(const KernelGradientCall<float>& call) { AddAny(call); }
void AddDouble(const KernelGradientCall<double>& call) { AddAny(call); }

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(AddFloat);
HWY_EXPORT(AddDouble);
HWY_EXPORT(AddPixelsFloat);
HWY_EXPORT(AddPixelsDouble);

template <>
void AddKernelGradient(const KernelGradientCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(AddFloat)(call);
}
template <>
void AddKernelGradient(const KernelGradientCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(AddDouble)(call);
}

template <>
void AddPixels(Map<float> map, float* sums) {
  HWY_DYNAMIC_DISPATCH(AddPixelsFloat)(map, sums);
}
template <>
void AddPixels(Map<double> map, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddPixelsDouble)(map, sums);
}

std::size_t KernelGradientSize(int run_length, int small_lanes) {
  const int run = GradientIsTransposed(small_lanes) ? GradientStride(run_length) : run_length;
  return std::size_t{3} * static_cast<std::size_t>(run) * static_cast<std::size_t>(small_lanes);
}

}  // namespace peculiar
#endif  // HWY_ONCE
