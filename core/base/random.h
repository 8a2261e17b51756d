// Random numbers that depend on nothing but their key: the same seed and labels give the same
// numbers on every machine, thread and standard library. SplitMix64 (Steele, Lea and Flood 2014).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace peculiar {

class Random {
 public:
  // A stream of its own for every (seed, labels): for example {kAugment, epoch, sample}.
  explicit Random(std::uint64_t seed, std::initializer_list<std::uint64_t> labels = {});

  std::uint64_t Next();
  // Where the stream stands: the next numbers are a function of it alone (and of Normal's spare).
  std::uint64_t state() const { return state_; }
  // In [0, 1), 53 bits.
  double Uniform();
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  // In [0, n), n > 0, without bias.
  std::uint64_t Below(std::uint64_t n);
  // Mean 0, variance 1 (Box-Muller).
  double Normal();

 private:
  std::uint64_t state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

// A random order of 0 .. n-1 (Fisher-Yates).
std::vector<std::size_t> RandomPermutation(std::size_t n, Random& random);

}  // namespace peculiar
