#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/norm.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "core/network/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr double kEpsilon = 1e-3;  // Keras's default

template <class D, class V, typename T = hn::TFromD<D>>
HWY_INLINE V Root(D d, V squares, T share) {
  const V variance = hn::MulAdd(squares, hn::Set(d, share), hn::Set(d, static_cast<T>(kEpsilon)));
  return hn::Div(hn::Set(d, T(1)), hn::Sqrt(variance));
}

// ---- Pixels of 8 lanes and more: vectors lie along the lanes.

// Sum over a pixel's lanes of what add(k, sum) adds to `sum` for the vector at lane k. In the order
// of vectors of 16 lanes, whose upper half is then added to the lower: two vectors of 8 do as one
// of 16 does, bit for bit.
template <class D, class Add>
HWY_INLINE hn::TFromD<D> SumPixel(D d, int lanes, const Add& add) {
  constexpr int kWidth = static_cast<int>(hn::MaxLanes(D()));
  auto sum = hn::Zero(d);
#if HWY_TARGET != HWY_SCALAR
  if constexpr (kWidth == 16) {
    for (int k = 0; k < lanes; k += 16) sum = add(k, sum);
    const hn::Half<D> half;
    const auto folded = hn::Add(hn::LowerHalf(half, sum), hn::UpperHalf(half, sum));
    return hn::GetLane(hn::SumOfLanes(half, folded));
  }
  if (kWidth == 8 && lanes > 8) {
    auto upper = hn::Zero(d);
    for (int k = 0; k < lanes; k += 16) {
      sum = add(k, sum);
      upper = add(k + 8, upper);
    }
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum, upper)));
  }
#endif
  for (int k = 0; k < lanes; k += kWidth) sum = add(k, sum);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void WideForwardRow(D d, const NormCall<T>& call, int y, T* mean, T* deviation) {
  const int lanes = call.x.shape.lanes, columns = call.x.shape.columns;
  const int step = static_cast<int>(hn::Lanes(d));
  const T share = T(1) / static_cast<T>(call.channels);
  const T* HWY_RESTRICT x = call.x.At(y, 0);
  for (int p = 0; p < columns; ++p, x += lanes) {
    mean[p] = share * SumPixel(d, lanes, [&](int k, auto sum) HWY_ATTR {
                return hn::Add(sum, hn::LoadU(d, x + k));
              });
    const auto average = hn::Set(d, mean[p]);
    deviation[p] = SumPixel(d, lanes, [&](int k, auto sum) HWY_ATTR {
      const auto centred =
          hn::Mul(hn::Sub(hn::LoadU(d, x + k), average), hn::LoadU(d, call.mask + k));
      return hn::MulAdd(centred, centred, sum);
    });
  }
  const hn::CappedTag<T, 16> row;  // the roots of many pixels at once: they are slow
  for (int p = 0; p < columns; p += static_cast<int>(hn::Lanes(row))) {
    hn::StoreU(Root(row, hn::LoadU(row, deviation + p), share), row, deviation + p);
  }
  for (int k = 0; k < lanes; k += step) {
    const auto gamma = hn::LoadU(d, call.gamma + k), beta = hn::LoadU(d, call.beta + k);
    x = call.x.At(y, 0) + k;
    T* HWY_RESTRICT out = call.y.At(y, 0) + k;
    for (int p = 0; p < columns; ++p, x += lanes, out += lanes) {
      const auto centred = hn::Sub(hn::LoadU(d, x), hn::Set(d, mean[p]));
      const auto standard = hn::Mul(centred, hn::Set(d, deviation[p]));
      hn::StoreU(hn::MulAdd(standard, gamma, beta), d, out);
    }
  }
}

// With s the standardised values and g = gamma x the gradient of y:
//   gradient of x = (g - mean(g) - s mean(g s)) / sqrt(variance + epsilon).
// Up to kPiece pixels of a row: first their two means, then, vector by vector, the values.
constexpr int kPiece = 64;

template <typename T>
struct Piece {
  int y, first, n;
  const T* mean;
  const T* deviation;
  T g_means[kPiece];
  T product_means[kPiece];
};

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void WideBackwardMeans(D d, const NormCall<T>& call, Piece<T>& piece) {
  const int lanes = call.x.shape.lanes;
  const T share = T(1) / static_cast<T>(call.channels);
  const T* HWY_RESTRICT x = call.x.At(piece.y, piece.first);
  const T* HWY_RESTRICT dy = call.y.At(piece.y, piece.first);
  for (int p = 0; p < piece.n; ++p, x += lanes, dy += lanes) {
    const auto mean = hn::Set(d, piece.mean[p]), scale = hn::Set(d, piece.deviation[p]);
    const auto add_g = [&](int k, auto sum) HWY_ATTR {
      return hn::MulAdd(hn::LoadU(d, dy + k), hn::LoadU(d, call.gamma + k), sum);
    };
    const auto add_product = [&](int k, auto sum) HWY_ATTR {
      const auto g = hn::Mul(hn::LoadU(d, dy + k), hn::LoadU(d, call.gamma + k));
      return hn::MulAdd(g, hn::Mul(hn::Sub(hn::LoadU(d, x + k), mean), scale), sum);
    };
    piece.g_means[p] = share * SumPixel(d, lanes, add_g);
    piece.product_means[p] = share * SumPixel(d, lanes, add_product);
  }
}

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void WideBackwardValues(D d, const NormCall<T>& call, const Piece<T>& piece) {
  const int lanes = call.x.shape.lanes;
  for (int k = 0; k < lanes; k += static_cast<int>(hn::Lanes(d))) {
    const auto gamma = hn::LoadU(d, call.gamma + k), mask = hn::LoadU(d, call.mask + k);
    auto gamma_gradient = hn::LoadU(d, call.gamma_gradient + k);
    auto beta_gradient = hn::LoadU(d, call.beta_gradient + k);
    const T* HWY_RESTRICT x = call.x.At(piece.y, piece.first) + k;
    const T* HWY_RESTRICT dy = call.y.At(piece.y, piece.first) + k;
    T* HWY_RESTRICT dx = call.x_gradient.At(piece.y, piece.first) + k;
    for (int p = 0; p < piece.n; ++p, x += lanes, dy += lanes, dx += lanes) {
      const auto scale = hn::Set(d, piece.deviation[p]);
      const auto standard = hn::Mul(hn::Sub(hn::LoadU(d, x), hn::Set(d, piece.mean[p])), scale);
      const auto gradient = hn::LoadU(d, dy);
      const auto g = hn::MulSub(gradient, gamma, hn::Set(d, piece.g_means[p]));
      const auto centred = hn::NegMulAdd(standard, hn::Set(d, piece.product_means[p]), g);
      hn::StoreU(hn::Mul(hn::Mul(centred, scale), mask), d, dx);
      gamma_gradient = hn::MulAdd(gradient, standard, gamma_gradient);
      beta_gradient = hn::Add(gradient, beta_gradient);
    }
    hn::StoreU(gamma_gradient, d, call.gamma_gradient + k);
    hn::StoreU(beta_gradient, d, call.beta_gradient + k);
  }
}

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void WideBackwardRow(D d, const NormCall<T>& call, int y) {
  const int columns = call.x.shape.columns;
  const Step stats = static_cast<Step>(y) * NormStride(columns);
  for (int first = 0; first < columns; first += kPiece) {
    Piece<T> piece;
    piece.y = y;
    piece.first = first;
    piece.n = HWY_MIN(kPiece, columns - first);
    piece.mean = call.mean + stats + first;
    piece.deviation = call.deviation + stats + first;
    WideBackwardMeans(d, call, piece);
    WideBackwardValues(d, call, piece);
  }
}

// ---- Pixels of 4 lanes: vectors lie along the row, one for each lane.

constexpr int kLanes = 4;

template <class D>
struct Planes {
  hn::Vec<D> lane[kLanes];

  static HWY_INLINE Planes Load(D d, const hn::TFromD<D>* from) {
    Planes p;
    hn::LoadInterleaved4(d, from, p.lane[0], p.lane[1], p.lane[2], p.lane[3]);
    return p;
  }
  HWY_INLINE void Store(D d, hn::TFromD<D>* to) const {
    hn::StoreInterleaved4(lane[0], lane[1], lane[2], lane[3], d, to);
  }
  HWY_INLINE hn::Vec<D> Sum() const {
    return hn::Add(hn::Add(lane[0], lane[1]), hn::Add(lane[2], lane[3]));
  }
};

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void NarrowForward(D d, const NormCall<T>& call, int y, int p) {
  const T share = T(1) / static_cast<T>(call.channels);
  const Step stats = static_cast<Step>(y) * NormStride(call.x.shape.columns) + p;
  Planes<D> x = Planes<D>::Load(d, call.x.At(y, p));
  const auto mean = hn::Mul(x.Sum(), hn::Set(d, share));
  Planes<D> squares;
  for (int k = 0; k < kLanes; ++k) {
    x.lane[k] = hn::Mul(hn::Sub(x.lane[k], mean), hn::Set(d, call.mask[k]));
    squares.lane[k] = hn::Mul(x.lane[k], x.lane[k]);
  }
  const auto deviation = Root(d, squares.Sum(), share);
  for (int k = 0; k < kLanes; ++k) {
    x.lane[k] = hn::MulAdd(hn::Mul(x.lane[k], deviation), hn::Set(d, call.gamma[k]),
                           hn::Set(d, call.beta[k]));
  }
  x.Store(d, call.y.At(y, p));
  hn::StoreU(mean, d, call.mean + stats);
  hn::StoreU(deviation, d, call.deviation + stats);
}

// Sums of the gradients of gamma and beta over the pixels of a row that are equal modulo 16, so
// that vectors of any width add in the same order.
constexpr int kColumns = 16;
template <typename T>
struct NarrowSums {
  T gamma[kLanes][kColumns] = {};
  T beta[kLanes][kColumns] = {};
};

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void NarrowBackward(D d, const NormCall<T>& call, int y, int p, NarrowSums<T>& sums) {
  const auto share = hn::Set(d, T(1) / static_cast<T>(call.channels));
  const Step stats = static_cast<Step>(y) * NormStride(call.x.shape.columns) + p;
  const auto mean = hn::LoadU(d, call.mean + stats);
  const auto deviation = hn::LoadU(d, call.deviation + stats);
  Planes<D> x = Planes<D>::Load(d, call.x.At(y, p));
  Planes<D> g = Planes<D>::Load(d, call.y.At(y, p));
  Planes<D> products;
  for (int k = 0; k < kLanes; ++k) {
    x.lane[k] = hn::Mul(hn::Sub(x.lane[k], mean), deviation);
    T* gamma = sums.gamma[k] + p % kColumns;
    T* beta = sums.beta[k] + p % kColumns;
    hn::StoreU(hn::MulAdd(g.lane[k], x.lane[k], hn::LoadU(d, gamma)), d, gamma);
    hn::StoreU(hn::Add(g.lane[k], hn::LoadU(d, beta)), d, beta);
    g.lane[k] = hn::Mul(g.lane[k], hn::Set(d, call.gamma[k]));
    products.lane[k] = hn::Mul(g.lane[k], x.lane[k]);
  }
  const auto sum = hn::Mul(g.Sum(), share), product = hn::Mul(products.Sum(), share);
  for (int k = 0; k < kLanes; ++k) {
    const auto centred = hn::NegMulAdd(x.lane[k], product, hn::Sub(g.lane[k], sum));
    g.lane[k] = hn::Mul(hn::Mul(centred, deviation), hn::Set(d, call.mask[k]));
  }
  g.Store(d, call.x_gradient.At(y, p));
}

// Calls work(d, p) for the pixels of a row, as many at once as possible.
template <typename T, class Work>
HWY_INLINE void AlongRow(int columns, const Work& work) {
  const hn::CappedTag<T, 16> wide;
  const hn::CappedTag<T, 1> one;
  int p = 0;
  for (; p + static_cast<int>(hn::Lanes(wide)) <= columns; p += static_cast<int>(hn::Lanes(wide))) {
    work(wide, p);
  }
  for (; p < columns; ++p) work(one, p);
}

template <typename T>
HWY_INLINE void AddColumns(const T (&sums)[kLanes][kColumns], T* gradient) {
  for (int k = 0; k < kLanes; ++k) {
    for (int c = 0; c < kColumns; ++c) gradient[k] += sums[k][c];
  }
}

// ---- Either kind.

template <typename T>
HWY_INLINE void ForwardAny(const NormCall<T>& call) {
  const MapShape& shape = call.x.shape;
  for (int y = 0; y < shape.rows; ++y) {
    const Step stats = static_cast<Step>(y) * NormStride(shape.columns);
    if (shape.lanes == kLanes) {
      AlongRow<T>(shape.columns, [&](auto d, int p) HWY_ATTR { NarrowForward(d, call, y, p); });
    } else if (shape.lanes == 8) {
      WideForwardRow(hn::CappedTag<T, 8>(), call, y, call.mean + stats, call.deviation + stats);
    } else {
      WideForwardRow(hn::CappedTag<T, 16>(), call, y, call.mean + stats, call.deviation + stats);
    }
  }
}

template <typename T>
HWY_INLINE void BackwardAny(const NormCall<T>& call) {
  const MapShape& shape = call.x.shape;
  NarrowSums<T> sums;
  for (int y = 0; y < shape.rows; ++y) {
    if (shape.lanes == kLanes) {
      AlongRow<T>(shape.columns,
                  [&](auto d, int p) HWY_ATTR { NarrowBackward(d, call, y, p, sums); });
      continue;
    }
    if (shape.lanes == 8) {
      WideBackwardRow(hn::CappedTag<T, 8>(), call, y);
    } else {
      WideBackwardRow(hn::CappedTag<T, 16>(), call, y);
    }
  }
  if (shape.lanes != kLanes) return;
  AddColumns(sums.gamma, call.gamma_gradient);
  AddColumns(sums.beta, call.beta_gradient);
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
