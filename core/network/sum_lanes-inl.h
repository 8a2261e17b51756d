// Sums of the lanes of four vectors at once, for the kernels; compiled once an instruction set, as
// Highway's own -inl.h files.

// Include guard of Highway: defined in one pass and not in the next.
#if defined(PECULIAR_CORE_NETWORK_SUM_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PECULIAR_CORE_NETWORK_SUM_LANES_INL_H_
#undef PECULIAR_CORE_NETWORK_SUM_LANES_INL_H_
#else
#define PECULIAR_CORE_NETWORK_SUM_LANES_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
// out[i] = sum of lane i of all blocks of 4: the upper half is added to the lower until one is
// left.
template <class D, class V, typename T = hn::TFromD<D>>
HWY_INLINE void FoldBlocks(D d, V blocks, T* HWY_RESTRICT out) {
  if constexpr (hn::MaxLanes(D()) > 4) {
    const hn::Half<D> half;
    FoldBlocks(half, hn::Add(hn::LowerHalf(half, blocks), hn::UpperHalf(half, blocks)), out);
  } else {
    hn::StoreU(blocks, d, out);
  }
}
#endif

// The beginning of four sums, each in `parts` vectors.
template <class D, int parts>
HWY_INLINE void ClearSums(D d, hn::Vec<D> (&sums)[4][parts]) {
  for (int i = 0; i < 4 * parts; ++i) sums[i / parts][i % parts] = hn::Zero(d);
}

// out[i] = sum of the lanes of sums[i], i < 4. For floats the order does not depend on the width of
// the vectors: blocks of 4 lanes first, by twos, then halves of what is left.
template <class D, int parts, typename T = hn::TFromD<D>>
HWY_INLINE void SumLanes(D d, const hn::Vec<D> (&sums)[4][parts], T* HWY_RESTRICT out) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(T) == sizeof(float) && hn::MaxLanes(D()) >= 4) {
    const hn::RepartitionToWide<hn::RebindToUnsigned<D>> pairs;
    hn::Vec<D> total;
    for (int i = 0; i < parts; ++i) {
      const auto ab = hn::Add(hn::InterleaveLower(d, sums[0][i], sums[1][i]),
                              hn::InterleaveUpper(d, sums[0][i], sums[1][i]));
      const auto cd = hn::Add(hn::InterleaveLower(d, sums[2][i], sums[3][i]),
                              hn::InterleaveUpper(d, sums[2][i], sums[3][i]));
      const auto lower = hn::InterleaveLower(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, cd));
      const auto upper = hn::InterleaveUpper(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, cd));
      const auto abcd = hn::Add(hn::BitCast(d, lower), hn::BitCast(d, upper));
      total = i == 0 ? abcd : hn::Add(total, abcd);
    }
    FoldBlocks(d, total, out);
    return;
  }
#endif
  for (int i = 0; i < 4; ++i) {
    auto total = sums[i][0];
    for (int k = 1; k < parts; ++k) total = hn::Add(total, sums[i][k]);
    out[i] = hn::GetLane(hn::SumOfLanes(d, total));
  }
}

}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
