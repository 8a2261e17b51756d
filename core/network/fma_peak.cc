#include "core/network/fma_peak.h"

#include "core/network/simd.h"
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/network/fma_peak.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <chrono>
#include <thread>
#include <vector>

HWY_BEFORE_NAMESPACE();
namespace peculiar::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Enough independent sums to hide the latency of a multiply-add on two units.
constexpr int kSums = 12;

// Multiply-adds of `rounds` rounds; returns how many float operations they are. `sink` keeps the
// compiler from leaving them out.
double MultiplyAdd(int rounds, float* sink) {
  const hn::CappedTag<float, 16> d;
  hn::Vec<decltype(d)> sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = hn::Set(d, static_cast<float>(i));
  const auto a = hn::Set(d, 0.999f);
  const auto b = hn::Set(d, 1e-3f);
  for (int round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = hn::MulAdd(sums[i], a, b);
  }
  for (int i = 1; i < kSums; ++i) sums[0] = hn::Add(sums[0], sums[i]);
  *sink = hn::GetLane(sums[0]);
  return 2.0 * kSums * static_cast<double>(hn::Lanes(d)) * rounds;
}

}  // namespace
}  // namespace peculiar::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace peculiar {
namespace {

HWY_EXPORT(MultiplyAdd);

double MeasureThread() {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 100000;
  constexpr std::chrono::milliseconds kTime(100);
  volatile float kept = 0;
  double best = 0;
  const Clock::time_point end = Clock::now() + kTime;
  while (Clock::now() < end) {
    float sink = 0;
    const Clock::time_point start = Clock::now();
    const double operations = HWY_DYNAMIC_DISPATCH(MultiplyAdd)(kRounds, &sink);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    kept = sink;
    best = std::max(best, operations / seconds / 1e9);
  }
  static_cast<void>(kept);
  return best;
}

}  // namespace

double MeasureFmaPeak(int threads) {
  std::vector<double> peaks(static_cast<std::size_t>(threads));
  {
    std::vector<std::jthread> pool;
    for (double& peak : peaks) pool.emplace_back([&peak] { peak = MeasureThread(); });
  }
  double sum = 0;
  for (const double peak : peaks) sum += peak;
  return sum;
}

}  // namespace peculiar
#endif  // HWY_ONCE
