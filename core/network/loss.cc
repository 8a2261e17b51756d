#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/loss.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <array>

#include "core/network/kernels.h"

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
HWY_INLINE void EluAny(T* HWY_RESTRICT values, std::size_t n) {
  const hn::CappedTag<T, 16> d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, values + i);
    // Not Min, which drops a NaN on some targets.
    const auto below = hn::Expm1(d, hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Zero(d), x));
    hn::StoreU(hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, below), d, values + i);
  }
}

// The derivative is exp(x) = elu(x) + 1 below zero.
template <typename T>
HWY_INLINE void EluBackwardAny(const T* HWY_RESTRICT values, T* HWY_RESTRICT gradient,
                               std::size_t n) {
  const hn::CappedTag<T, 16> d;
  const auto one = hn::Set(d, T(1));
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto y = hn::LoadU(d, values + i);
    const auto slope = hn::IfThenElse(hn::Gt(y, hn::Zero(d)), one, hn::Add(y, one));
    hn::StoreU(hn::Mul(slope, hn::LoadU(d, gradient + i)), d, gradient + i);
  }
}

// Eight sums in turn, so that the order does not depend on the vectors' width.
constexpr std::size_t kErrorSums = 8;

template <bool squared, typename T>
HWY_INLINE double SumErrorsAny(const ErrorCall<T>& call) {
  const hn::CappedTag<double, kErrorSums> wide;
  constexpr std::size_t kStep = hn::MaxLanes(wide);
  const hn::Rebind<T, decltype(wide)> d;
  const auto zero = hn::Zero(d), weight = hn::Set(d, call.weight);
  std::array<double, kErrorSums> sums{};
  for (std::size_t i = 0; i < call.n; i += kStep) {
    const auto difference = hn::Sub(hn::LoadU(d, call.image + i), hn::LoadU(d, call.target + i));
    hn::Vec<decltype(wide)> error;
    if constexpr (sizeof(T) == sizeof(double)) {
      error = difference;
    } else {
      error = hn::PromoteTo(wide, difference);
    }
    double* sum = sums.data() + i % kErrorSums;
    error = squared ? hn::Mul(error, error) : hn::Abs(error);
    hn::StoreU(hn::Add(hn::LoadU(wide, sum), error), wide, sum);
    if (call.gradient == nullptr) continue;
    const auto slope = squared ? hn::Mul(hn::Add(weight, weight), difference)
                               : hn::Sub(hn::IfThenElseZero(hn::Gt(difference, zero), weight),
                                         hn::IfThenElseZero(hn::Lt(difference, zero), weight));
    hn::StoreU(hn::Add(hn::LoadU(d, call.gradient + i), slope), d, call.gradient + i);
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void EluFloat(float* values, std::size_t n) { EluAny(values, n); }
void EluDouble(double* values, std::size_t n) { EluAny(values, n); }
void EluBackwardFloat(const float* values, float* gradient, std::size_t n) {
  EluBackwardAny(values, gradient, n);
}
void EluBackwardDouble(const double* values, double* gradient, std::size_t n) {
  EluBackwardAny(values, gradient, n);
}
double SumErrorsFloat(const ErrorCall<float>& call) {
  return call.squared ? SumErrorsAny<true>(call) : SumErrorsAny<false>(call);
}
double SumErrorsDouble(const ErrorCall<double>& call) {
  return call.squared ? SumErrorsAny<true>(call) : SumErrorsAny<false>(call);
}

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {

HWY_EXPORT(EluFloat);
HWY_EXPORT(EluDouble);
HWY_EXPORT(EluBackwardFloat);
HWY_EXPORT(EluBackwardDouble);
HWY_EXPORT(SumErrorsFloat);
HWY_EXPORT(SumErrorsDouble);

template <>
void Elu(float* values, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(EluFloat)(values, n);
}
template <>
void Elu(double* values, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(EluDouble)(values, n);
}
template <>
void EluBackward(const float* values, float* gradient, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(EluBackwardFloat)(values, gradient, n);
}
template <>
void EluBackward(const double* values, double* gradient, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(EluBackwardDouble)(values, gradient, n);
}
template <>
double SumErrors(const ErrorCall<float>& call) {
  return HWY_DYNAMIC_DISPATCH(SumErrorsFloat)(call);
}
template <>
double SumErrors(const ErrorCall<double>& call) {
  return HWY_DYNAMIC_DISPATCH(SumErrorsDouble)(call);
}

}  // namespace peculiar
#endif  // HWY_ONCE
