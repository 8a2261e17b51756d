#include "core/index/squared_distances.h"

#include "core/index/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/index/squared_distances.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Their sums hide each other's latency. All of them are asked for before the first is summed: as
// many streams as the memory serves well.
constexpr std::size_t kRowsAtOnce = 8;
constexpr std::size_t kCacheLine = 64 / sizeof(float);

// Squared distances of kRowsAtOnce rows; width is at least the lanes of d.
template <class D>
HWY_INLINE void MeasureRows(D d, const float* HWY_RESTRICT query, std::size_t width,
                            const float* const (&rows)[kRowsAtOnce], float* HWY_RESTRICT squared) {
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<D> sums[kRowsAtOnce];
  for (auto& sum : sums) sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    const auto q = hn::LoadU(d, query + i);
    for (std::size_t r = 0; r < kRowsAtOnce; ++r) {
      const auto difference = hn::Sub(hn::LoadU(d, rows[r] + i), q);
      sums[r] = hn::MulAdd(difference, difference, sums[r]);
    }
  }
  if (i < width) {  // the last lanes once more, without those that are counted already
    const auto counted = hn::FirstN(d, lanes - (width - i));
    const auto q = hn::LoadU(d, query + width - lanes);
    for (std::size_t r = 0; r < kRowsAtOnce; ++r) {
      const auto difference =
          hn::IfThenZeroElse(counted, hn::Sub(hn::LoadU(d, rows[r] + width - lanes), q));
      sums[r] = hn::MulAdd(difference, difference, sums[r]);
    }
  }
  for (std::size_t r = 0; r < kRowsAtOnce; ++r) {
    squared[r] = hn::GetLane(hn::SumOfLanes(d, sums[r]));
  }
}

// row_of(i): the i-th row, i < count.
template <class D, class RowOf>
HWY_INLINE void MeasureWide(D d, const float* query, std::size_t width, std::size_t count,
                            const RowOf& row_of, float* squared) {
  for (std::size_t first = 0; first < count; first += kRowsAtOnce) {
    const float* rows[kRowsAtOnce];
    for (std::size_t r = 0; r < kRowsAtOnce; ++r) {
      rows[r] = row_of(std::min(first + r, count - 1));
      for (std::size_t i = 0; i < width; i += kCacheLine) __builtin_prefetch(rows[r] + i);
    }
    if (first + kRowsAtOnce <= count) {
      MeasureRows(d, query, width, rows, squared + first);
      continue;
    }
    float last[kRowsAtOnce];
    MeasureRows(d, query, width, rows, last);
    std::copy(last, last + (count - first), squared + first);
  }
}

template <class RowOf>
HWY_INLINE void MeasureAny(const float* query, std::size_t width, std::size_t count,
                           const RowOf& row_of, float* squared) {
  if (width >= 16)
    return MeasureWide(hn::CappedTag<float, 16>(), query, width, count, row_of, squared);
  if (width >= 8)
    return MeasureWide(hn::CappedTag<float, 8>(), query, width, count, row_of, squared);
  if (width >= 4)
    return MeasureWide(hn::CappedTag<float, 4>(), query, width, count, row_of, squared);
  for (std::size_t r = 0; r < count; ++r) {
    const float* row = row_of(r);
    float sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += (row[i] - query[i]) * (row[i] - query[i]);
    squared[r] = sum;
  }
}

// Three coordinates, as UMAP's: a row a lane. Returns how many rows were measured.
HWY_INLINE std::size_t MeasureThree(const float* query, const float* rows, std::size_t count,
                                    float* squared) {
  const hn::ScalableTag<float> d;
  const auto q0 = hn::Set(d, query[0]), q1 = hn::Set(d, query[1]), q2 = hn::Set(d, query[2]);
  std::size_t r = 0;
  for (; r + hn::Lanes(d) <= count; r += hn::Lanes(d)) {
    hn::Vec<decltype(d)> x, y, z;
    hn::LoadInterleaved3(d, rows + 3 * r, x, y, z);
    x = hn::Sub(x, q0);
    y = hn::Sub(y, q1);
    z = hn::Sub(z, q2);
    hn::StoreU(hn::MulAdd(z, z, hn::MulAdd(y, y, hn::Mul(x, x))), d, squared + r);
  }
  return r;
}

void MeasureBlock(const float* query, const float* rows, std::size_t width, std::size_t count,
                  float* squared) {
  const std::size_t done = width == 3 ? MeasureThree(query, rows, count, squared) : 0;
  const auto row_of = [&](std::size_t r) { return rows + (done + r) * width; };
  MeasureAny(query, width, count - done, row_of, squared + done);
}

void MeasureNamed(const float* query, const float* vectors, std::size_t width,
                  const std::uint32_t* rows, std::size_t count, float* squared) {
  const auto row_of = [&](std::size_t r) { return vectors + rows[r] * width; };
  MeasureAny(query, width, count, row_of, squared);
}

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(MeasureBlock);
HWY_EXPORT(MeasureNamed);

void SquaredDistances(std::span<const float> query, Matrix vectors, std::size_t first,
                      std::span<float> squared) {
  HWY_DYNAMIC_DISPATCH(MeasureBlock)
  (query.data(), vectors.row(first).data(), vectors.width, squared.size(), squared.data());
}

void SquaredDistancesOf(std::span<const float> query, Matrix vectors,
                        std::span<const std::uint32_t> rows, std::span<float> squared) {
  HWY_DYNAMIC_DISPATCH(MeasureNamed)
  (query.data(), vectors.values, vectors.width, rows.data(), squared.size(), squared.data());
}

}  // namespace peculiar
#endif  // HWY_ONCE
