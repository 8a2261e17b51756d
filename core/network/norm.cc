#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/norm.cc"
#include "hwy/foreach_target.h"
// clang-format on
#include "core/network/kernels.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr double kEpsilon = 1e-3;  // Keras's default

// deviation: sums of squares in, 1 / sqrt(sum / channels + epsilon) out; a row, with its pads.
template <typename T>
HWY_INLINE void InvertDeviations(T* deviation, int columns, int channels) {
  const hn::CappedTag<T, 16> d;
  const auto share = hn::Set(d, T(1) / static_cast<T>(channels));
  const auto epsilon = hn::Set(d, static_cast<T>(kEpsilon));
  for (int x = 0; x < NormStride(columns); x += static_cast<int>(hn::Lanes(d))) {
    const auto variance = hn::MulAdd(hn::LoadU(d, deviation + x), share, epsilon);
    hn::StoreU(hn::Div(hn::Set(d, T(1)), hn::Sqrt(variance)), d, deviation + x);
  }
}

// A row: first every pixel's mean and squares, then the roots of the whole row, then the values.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void ForwardRow(D d, const NormCall<T>& call, int y, T* mean, T* deviation) {
  const int lanes = call.x.shape.lanes, columns = call.x.shape.columns;
  const int step = static_cast<int>(hn::Lanes(d));
  const T share = T(1) / static_cast<T>(call.channels);
  const T* HWY_RESTRICT x = call.x.At(y, 0);
  for (int p = 0; p < columns; ++p, x += lanes) {
    auto sum = hn::Zero(d);
    for (int k = 0; k < lanes; k += step) sum = hn::Add(sum, hn::LoadU(d, x + k));
    const auto average = hn::Mul(hn::SumOfLanes(d, sum), hn::Set(d, share));
    auto squares = hn::Zero(d);
    for (int k = 0; k < lanes; k += step) {
      const auto centred = hn::Mul(hn::Sub(hn::LoadU(d, x + k), average), hn::LoadU(d, call.mask + k));
      squares = hn::MulAdd(centred, centred, squares);
    }
    mean[p] = hn::GetLane(average);
    deviation[p] = hn::GetLane(hn::SumOfLanes(d, squares));
  }
  InvertDeviations(deviation, columns, call.channels);
  x = call.x.At(y, 0);
  T* HWY_RESTRICT out = call.y.At(y, 0);
  for (int p = 0; p < columns; ++p, x += lanes, out += lanes) {
    const auto average = hn::Set(d, mean[p]);
    const auto scale = hn::Set(d, deviation[p]);
    for (int k = 0; k < lanes; k += step) {
      const auto standard = hn::Mul(hn::Sub(hn::LoadU(d, x + k), average), scale);
      hn::StoreU(hn::MulAdd(standard, hn::LoadU(d, call.gamma + k), hn::LoadU(d, call.beta + k)), d,
                 out + k);
    }
  }
}

// With s the standardised values and g = gamma x the gradient of y:
//   gradient of x = (g - mean(g) - s mean(g s)) / sqrt(variance + epsilon).
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void BackwardPixel(D d, const NormCall<T>& call, Step pixel, T mean, T deviation) {
  const int lanes = call.x.shape.lanes, step = static_cast<int>(hn::Lanes(d));
  const auto share = hn::Set(d, T(1) / static_cast<T>(call.channels));
  const auto average = hn::Set(d, mean), scale = hn::Set(d, deviation);
  const T* HWY_RESTRICT x = call.x.values + pixel;
  const T* HWY_RESTRICT dy = call.y.values + pixel;
  T* HWY_RESTRICT dx = call.x_gradient.values + pixel;
  auto sum = hn::Zero(d), product = hn::Zero(d);
  for (int k = 0; k < lanes; k += step) {
    const auto standard = hn::Mul(hn::Sub(hn::LoadU(d, x + k), average), scale);
    const auto y = hn::LoadU(d, dy + k);
    const auto g = hn::Mul(y, hn::LoadU(d, call.gamma + k));
    sum = hn::Add(sum, g);
    product = hn::MulAdd(g, standard, product);
    T* gamma = call.gamma_gradient + k;
    T* beta = call.beta_gradient + k;
    hn::StoreU(hn::MulAdd(y, standard, hn::LoadU(d, gamma)), d, gamma);
    hn::StoreU(hn::Add(y, hn::LoadU(d, beta)), d, beta);
  }
  sum = hn::Mul(hn::SumOfLanes(d, sum), share);
  product = hn::Mul(hn::SumOfLanes(d, product), share);
  for (int k = 0; k < lanes; k += step) {
    const auto standard = hn::Mul(hn::Sub(hn::LoadU(d, x + k), average), scale);
    const auto g = hn::Mul(hn::LoadU(d, dy + k), hn::LoadU(d, call.gamma + k));
    const auto centred = hn::NegMulAdd(standard, product, hn::Sub(g, sum));
    hn::StoreU(hn::Mul(hn::Mul(centred, scale), hn::LoadU(d, call.mask + k)), d, dx + k);
  }
}

// The maps of a backward call have one shape, so a pixel lies at the same place in each.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void BackwardAll(D d, const NormCall<T>& call) {
  const MapShape& shape = call.x.shape;
  for (int y = 0; y < shape.rows; ++y) {
    const Step row = y * NormStride(shape.columns);
    for (int x = 0; x < shape.columns; ++x) {
      BackwardPixel(d, call, call.x.At(y, x) - call.x.values, call.mean[row + x],
                    call.deviation[row + x]);
    }
  }
}

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void ForwardAll(D d, const NormCall<T>& call) {
  for (int y = 0; y < call.x.shape.rows; ++y) {
    const Step row = y * NormStride(call.x.shape.columns);
    ForwardRow(d, call, y, call.mean + row, call.deviation + row);
  }
}

// Calls work with the widest vectors that divide so many lanes.
template <typename T, class Work>
HWY_INLINE void WithVectors(int lanes, const Work& work) {
  if (lanes >= 16) {
    work(hn::CappedTag<T, 16>());
  } else if (lanes == 8) {
    work(hn::CappedTag<T, 8>());
  } else {
    work(hn::CappedTag<T, 4>());
  }
}

template <typename T>
HWY_INLINE void ForwardAny(const NormCall<T>& call) {
  WithVectors<T>(call.x.shape.lanes, [&](auto d) HWY_ATTR { ForwardAll(d, call); });
}
template <typename T>
HWY_INLINE void BackwardAny(const NormCall<T>& call) {
  WithVectors<T>(call.x.shape.lanes, [&](auto d) HWY_ATTR { BackwardAll(d, call); });
}

void NormForwardFloat(const NormCall<float>& call) { ForwardAny(call); }
void NormForwardDouble(const NormCall<double>& call) { ForwardAny(call); }
void NormBackwardFloat(const NormCall<float>& call) { BackwardAny(call); }
void NormBackwardDouble(const NormCall<double>& call) { BackwardAny(call); }

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(NormForwardFloat);
HWY_EXPORT(NormForwardDouble);
HWY_EXPORT(NormBackwardFloat);
HWY_EXPORT(NormBackwardDouble);

template <>
void NormForward(const NormCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(NormForwardFloat)(call);
}
template <>
void NormForward(const NormCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(NormForwardDouble)(call);
}
template <>
void NormBackward(const NormCall<float>& call) {
  HWY_DYNAMIC_DISPATCH(NormBackwardFloat)(call);
}
template <>
void NormBackward(const NormCall<double>& call) {
  HWY_DYNAMIC_DISPATCH(NormBackwardDouble)(call);
}

}  // namespace peculiar
#endif  // HWY_ONCE
