#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/norm.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <cassert>

#include "core/network/kernels.h"
#include "core/network/plane_kernels.h"
#include "core/network/sum_lanes-inl.h"

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

// Sums over the lanes of four pixels: add(i, k, sum) adds to `sum` the vector at lane k of pixel i.
// `width` lanes, 8 or 16, are summed at once, in one vector or two.
template <int width, class D, class Add, typename T = hn::TFromD<D>>
HWY_INLINE void SumPixels(D d, int lanes, const Add& add, T* HWY_RESTRICT out) {
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  constexpr int kParts = width / kLanes;
  hn::Vec<D> sums[4][kParts];
  ClearSums(d, sums);
  for (int k = 0; k < lanes; k += width) {
    for (int part = 0; part < kParts; ++part) {
      for (int i = 0; i < 4; ++i) {
        sums[i][part] = add(i, k + part * kLanes, sums[i][part]);
      }
    }
  }
  SumLanes(d, sums, out);
}

template <int width, typename T>
HWY_INLINE void WideForwardRow(const NormCall<T>& call, int y) {
  const hn::CappedTag<T, width> d;
  const int lanes = call.x.shape.lanes, columns = call.x.shape.columns;
  const Step stats = static_cast<Step>(y) * NormStride(columns);
  T* HWY_RESTRICT mean = call.mean + stats;
  T* HWY_RESTRICT deviation = call.deviation + stats;
  const T share = T(1) / static_cast<T>(call.channels);
  for (int p = 0; p < columns; p += 4) {
    const T* pixels[4];  // the last one again beyond the row's end
    for (int i = 0; i < 4; ++i) pixels[i] = call.x.At(y, HWY_MIN(p + i, columns - 1));
    const auto add = [&](int i, int k, auto sum)
                         HWY_ATTR { return hn::Add(sum, hn::LoadU(d, pixels[i] + k)); };
    SumPixels<width>(d, lanes, add, mean + p);
    for (int i = 0; i < 4; ++i) mean[p + i] *= share;
    const auto add_square = [&](int i, int k, auto sum) HWY_ATTR {
      const auto centred = hn::Mul(hn::Sub(hn::LoadU(d, pixels[i] + k), hn::Set(d, mean[p + i])),
                                   hn::LoadU(d, call.mask + k));
      return hn::MulAdd(centred, centred, sum);
    };
    SumPixels<width>(d, lanes, add_square, deviation + p);
  }
  const hn::CappedTag<T, 16> wide;  // the roots of many pixels at once: they are slow
  for (int p = 0; p < columns; p += static_cast<int>(hn::Lanes(wide))) {
    hn::StoreU(Root(wide, hn::LoadU(wide, deviation + p), share), wide, deviation + p);
  }
  for (int k = 0; k < lanes; k += static_cast<int>(hn::Lanes(d))) {
    const auto gamma = hn::LoadU(d, call.gamma + k), beta = hn::LoadU(d, call.beta + k);
    const T* HWY_RESTRICT x = call.x.At(y, 0) + k;
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

template <int width, class D, typename T = hn::TFromD<D>>
HWY_INLINE void WideBackwardMeans(D d, const NormCall<T>& call, Piece<T>& piece) {
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
  constexpr int kParts = width / kLanes;
  const int lanes = call.x.shape.lanes;
  const T share = T(1) / static_cast<T>(call.channels);
  for (int p = 0; p < piece.n; p += 4) {
    const T* x[4];  // the last pixel again beyond the piece's end
    const T* dy[4];
    hn::Vec<D> mean[4];
    for (int i = 0; i < 4; ++i) {
      const int pixel = HWY_MIN(p + i, piece.n - 1);
      x[i] = call.x.At(piece.y, piece.first + pixel);
      dy[i] = call.y.At(piece.y, piece.first + pixel);
      mean[i] = hn::Set(d, piece.mean[pixel]);
    }
    hn::Vec<D> g_sums[4][kParts], product_sums[4][kParts];
    ClearSums(d, g_sums);
    ClearSums(d, product_sums);
    for (int k = 0; k < lanes; k += width) {
      for (int i = 0; i < 4 * kParts; ++i) {
        const int pixel = i / kParts, part = i % kParts, lane = k + part * kLanes;
        const auto g = hn::Mul(hn::LoadU(d, dy[pixel] + lane), hn::LoadU(d, call.gamma + lane));
        const auto centred = hn::Sub(hn::LoadU(d, x[pixel] + lane), mean[pixel]);
        g_sums[pixel][part] = hn::Add(g_sums[pixel][part], g);
        product_sums[pixel][part] = hn::MulAdd(g, centred, product_sums[pixel][part]);
      }
    }
    SumLanes(d, g_sums, piece.g_means + p);
    SumLanes(d, product_sums, piece.product_means + p);
    for (int i = 0; i < 4; ++i) {
      piece.g_means[p + i] *= share;
      piece.product_means[p + i] *= share * piece.deviation[HWY_MIN(p + i, piece.n - 1)];
    }
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

template <int width, typename T>
HWY_INLINE void WideBackwardRow(const NormCall<T>& call, int y) {
  const hn::CappedTag<T, width> d;
  const int columns = call.x.shape.columns;
  const Step stats = static_cast<Step>(y) * NormStride(columns);
  for (int first = 0; first < columns; first += kPiece) {
    Piece<T> piece;
    piece.y = y;
    piece.first = first;
    piece.n = HWY_MIN(kPiece, columns - first);
    piece.mean = call.mean + stats + first;
    piece.deviation = call.deviation + stats + first;
    WideBackwardMeans<width>(d, call, piece);
    WideBackwardValues(d, call, piece);
  }
}

// ---- Up to 4 channels, in planes or in pixels of 4 lanes: vectors lie along the row, one for each
// channel.

constexpr int kChannels = kMaxPlanes;

enum class Layout { kPlanes, kPixels };

template <class D>
struct Row {
  hn::Vec<D> channel[kChannels];

  template <Layout layout, typename T>
  static HWY_INLINE Row Load(D d, const Map<T>& map, int y, int x) {
    const T* from = map.At(y, x);
    Row row;
    if constexpr (layout == Layout::kPixels) {
      hn::LoadInterleaved4(d, from, row.channel[0], row.channel[1], row.channel[2], row.channel[3]);
    } else {
      const int planes = map.shape.planes;
      for (int k = 0; k < kChannels; ++k) {
        row.channel[k] = k < planes ? hn::LoadU(d, from + k * map.shape.plane_step()) : hn::Zero(d);
      }
    }
    return row;
  }
  template <Layout layout, typename T>
  HWY_INLINE void Store(D d, const Map<T>& map, int y, int x) const {
    T* to = map.At(y, x);
    if constexpr (layout == Layout::kPixels) {
      hn::StoreInterleaved4(channel[0], channel[1], channel[2], channel[3], d, to);
    } else {
      for (int k = 0; k < map.shape.planes; ++k) {
        hn::StoreU(channel[k], d, to + k * map.shape.plane_step());
      }
    }
  }
  HWY_INLINE hn::Vec<D> Sum() const {
    return hn::Add(hn::Add(channel[0], channel[1]), hn::Add(channel[2], channel[3]));
  }
};

template <Layout x_layout, Layout y_layout, class D, typename T = hn::TFromD<D>>
HWY_INLINE void NarrowForward(D d, const NormCall<T>& call, int y, int p) {
  const T share = T(1) / static_cast<T>(call.channels);
  const Step stats = static_cast<Step>(y) * NormStride(call.x.shape.columns) + p;
  Row<D> x = Row<D>::template Load<x_layout>(d, call.x, y, p);
  const auto mean = hn::Mul(x.Sum(), hn::Set(d, share));
  Row<D> squares;
  for (int k = 0; k < kChannels; ++k) {
    x.channel[k] = hn::Mul(hn::Sub(x.channel[k], mean), hn::Set(d, call.mask[k]));
    squares.channel[k] = hn::Mul(x.channel[k], x.channel[k]);
  }
  const auto deviation = Root(d, squares.Sum(), share);
  for (int k = 0; k < kChannels; ++k) {
    x.channel[k] = hn::MulAdd(hn::Mul(x.channel[k], deviation), hn::Set(d, call.gamma[k]),
                              hn::Set(d, call.beta[k]));
  }
  x.template Store<y_layout>(d, call.y, y, p);
  hn::StoreU(mean, d, call.mean + stats);
  hn::StoreU(deviation, d, call.deviation + stats);
}

// Sums of the gradients of gamma and beta over the pixels of a row that are equal modulo 16, so
// that vectors of any width add in the same order.
template <typename T>
struct NarrowSums {
  T gamma[kChannels][kPlaneSums] = {};
  T beta[kChannels][kPlaneSums] = {};
};

template <Layout x_layout, Layout y_layout, class D, typename T = hn::TFromD<D>>
HWY_INLINE void NarrowBackward(D d, const NormCall<T>& call, int y, int p, NarrowSums<T>& sums) {
  const auto share = hn::Set(d, T(1) / static_cast<T>(call.channels));
  const Step stats = static_cast<Step>(y) * NormStride(call.x.shape.columns) + p;
  const auto mean = hn::LoadU(d, call.mean + stats);
  const auto deviation = hn::LoadU(d, call.deviation + stats);
  Row<D> x = Row<D>::template Load<x_layout>(d, call.x, y, p);
  Row<D> g = Row<D>::template Load<y_layout>(d, call.y, y, p);
  Row<D> products;
  for (int k = 0; k < kChannels; ++k) {
    x.channel[k] = hn::Mul(hn::Sub(x.channel[k], mean), deviation);
    T* gamma = sums.gamma[k] + p % kPlaneSums;
    T* beta = sums.beta[k] + p % kPlaneSums;
    hn::StoreU(hn::MulAdd(g.channel[k], x.channel[k], hn::LoadU(d, gamma)), d, gamma);
    hn::StoreU(hn::Add(g.channel[k], hn::LoadU(d, beta)), d, beta);
    g.channel[k] = hn::Mul(g.channel[k], hn::Set(d, call.gamma[k]));
    products.channel[k] = hn::Mul(g.channel[k], x.channel[k]);
  }
  const auto sum = hn::Mul(g.Sum(), share), product = hn::Mul(products.Sum(), share);
  for (int k = 0; k < kChannels; ++k) {
    const auto centred = hn::NegMulAdd(x.channel[k], product, hn::Sub(g.channel[k], sum));
    g.channel[k] = hn::Mul(hn::Mul(centred, deviation), hn::Set(d, call.mask[k]));
  }
  g.template Store<x_layout>(d, call.x_gradient, y, p);
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
HWY_INLINE void AddColumns(const T (&sums)[kChannels][kPlaneSums], T* gradient) {
  for (int k = 0; k < kChannels; ++k) {
    for (int c = 0; c < kPlaneSums; ++c) gradient[k] += sums[k][c];
  }
}

template <Layout x_layout, Layout y_layout, typename T>
HWY_NOINLINE void NarrowForwardMap(const NormCall<T>& call) {
  for (int y = 0; y < call.x.shape.rows; ++y) {
    AlongRow<T>(call.x.shape.columns,
                [&](auto d, int p) HWY_ATTR { NarrowForward<x_layout, y_layout>(d, call, y, p); });
  }
}

template <Layout x_layout, Layout y_layout, typename T>
HWY_NOINLINE void NarrowBackwardMap(const NormCall<T>& call) {
  NarrowSums<T> sums;
  for (int y = 0; y < call.x.shape.rows; ++y) {
    AlongRow<T>(call.x.shape.columns, [&](auto d, int p) HWY_ATTR {
      NarrowBackward<x_layout, y_layout>(d, call, y, p, sums);
    });
  }
  AddColumns(sums.gamma, call.gamma_gradient);
  AddColumns(sums.beta, call.beta_gradient);
}

// ---- Either kind.

template <typename T>
HWY_INLINE void ForwardAny(const NormCall<T>& call) {
  assert(call.x.shape.lanes == 1 || call.y.shape.lanes == call.x.shape.lanes);
  if (call.x.shape.lanes == 1) {
    return call.y.shape.lanes == 1 ? NarrowForwardMap<Layout::kPlanes, Layout::kPlanes>(call)
                                   : NarrowForwardMap<Layout::kPlanes, Layout::kPixels>(call);
  }
  if (call.x.shape.lanes == kChannels) {
    return NarrowForwardMap<Layout::kPixels, Layout::kPixels>(call);
  }
  for (int y = 0; y < call.x.shape.rows; ++y) {
    call.x.shape.lanes == 8 ? WideForwardRow<8>(call, y) : WideForwardRow<16>(call, y);
  }
}

template <typename T>
HWY_INLINE void BackwardAny(const NormCall<T>& call) {
  assert(call.x.shape.lanes == 1 || call.y.shape.lanes == call.x.shape.lanes);
  if (call.x.shape.lanes == 1) {
    return call.y.shape.lanes == 1 ? NarrowBackwardMap<Layout::kPlanes, Layout::kPlanes>(call)
                                   : NarrowBackwardMap<Layout::kPlanes, Layout::kPixels>(call);
  }
  if (call.x.shape.lanes == kChannels) {
    return NarrowBackwardMap<Layout::kPixels, Layout::kPixels>(call);
  }
  for (int y = 0; y < call.x.shape.rows; ++y) {
    call.x.shape.lanes == 8 ? WideBackwardRow<8>(call, y) : WideBackwardRow<16>(call, y);
  }
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
