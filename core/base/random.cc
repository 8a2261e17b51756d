#include "core/base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace peculiar {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, std::initializer_list<std::uint64_t> labels)
    : state_(Mix(seed + kGolden)) {
  for (const std::uint64_t label : labels) state_ = Mix(state_ + kGolden) ^ Mix(label + kGolden);
}

std::uint64_t Random::Next() { return Mix(state_ += kGolden); }

double Random::Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

std::uint64_t Random::Below(std::uint64_t n) {
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  std::uint64_t value = Next();
  while (value >= limit) value = Next();
  return value % n;
}

double Random::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2 * std::log(1 - Uniform()));
  const double angle = 2 * std::numbers::pi * Uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::vector<std::size_t> RandomPermutation(std::size_t n, Random& random) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  return order;
}

}  // namespace peculiar
