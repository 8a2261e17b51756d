// What the benchmarks of the fused engine share: repeated timing, and a network with first weights
// and generated cubes to time. One thread calls.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "core/base/random.h"
#include "core/network/fused_network.h"
#include "core/network/parameters.h"

namespace peculiar {

// Median of repeated runs of `work`, which together take about half a second, at least three,
// after one that does not count.
inline double Seconds(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  work();
  std::vector<double> times;
  double sum = 0;
  while (times.size() < 3 || sum < 0.5) {
    const auto begin = Clock::now();
    work();
    times.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    sum += times.back();
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// All first values with seed 1, as FusedNetwork::SetParameters takes them. Requires a valid config.
inline std::vector<float> FirstParameters(const NetworkConfig& config) {
  std::vector<float> parameters;
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    const auto values = InitialValues(spec, 1);
    parameters.insert(parameters.end(), values.begin(), values.end());
  }
  return parameters;
}

// What is done with one batch in training and embedding, each including the packing of weights.
class GeneratedBatch {
 public:
  // Requires a valid config; batch and threads: at least 1.
  GeneratedBatch(const NetworkConfig& config, int batch, int threads)
      : network_(config, threads),
        parameters_(FirstParameters(config)),
        cubes_(static_cast<std::size_t>(batch) * config.channels * config.size * config.size),
        gradient_(parameters_.size()),
        latent_(static_cast<std::size_t>(batch) * config.latent) {
    Random random(5);
    for (float& value : cubes_) value = static_cast<float>(random.Normal());
  }

  void Step() {
    MustBeOk(network_.SetParameters(parameters_));
    MustBeOk(network_.Step(cubes_, {}, gradient_).status());
  }

  void Encode() {
    MustBeOk(network_.SetParameters(parameters_));
    MustBeOk(network_.Embed(cubes_, latent_, {}));
  }

 private:
  // A refused step must not count as a fast one.
  static void MustBeOk(const absl::Status& status) {
    if (status.ok()) return;
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    std::exit(1);
  }

  FusedNetwork<float> network_;
  std::vector<float> parameters_;
  std::vector<float> cubes_;
  std::vector<float> gradient_;
  std::vector<float> latent_;
};

}  // namespace peculiar
