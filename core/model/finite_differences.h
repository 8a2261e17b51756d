// Gradients against finite differences in float64: central differences of a scalar function of
// tensors, compared element by element with what autograd gives. For the tests of core/model;
// includes LibTorch.
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "core/base/random.h"

namespace peculiar {

// Normal numbers in float64 that depend on the seed alone; requires gradients.
inline torch::Tensor NormalTensor(std::vector<std::int64_t> shape, std::uint64_t seed,
                                  double scale = 1) {
  auto tensor = torch::empty(shape, torch::kFloat64);
  Random random(seed);
  double* values = tensor.data_ptr<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = scale * random.Normal();
  return tensor.set_requires_grad(true);
}

// Expects the gradient of the scalar `function()` by every one of `inputs` (float64 leaves that it
// reads) to agree with central differences; large inputs are probed at `probes` values.
inline void ExpectGradients(const std::function<torch::Tensor()>& function,
                            const std::vector<torch::Tensor>& inputs, std::int64_t probes = 40) {
  constexpr double kStep = 1e-6;
  for (torch::Tensor input : inputs) input.mutable_grad().reset();
  function().backward();
  const torch::NoGradGuard no_grad;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    ASSERT_TRUE(inputs[k].grad().defined()) << "input " << k << " has no gradient";
    const auto gradient = inputs[k].grad().contiguous();
    double* values = inputs[k].data_ptr<double>();
    const std::int64_t stride = std::max<std::int64_t>(1, inputs[k].numel() / probes);
    for (std::int64_t i = 0; i < inputs[k].numel(); i += stride) {
      const double kept = values[i];
      values[i] = kept + kStep;
      const double above = function().item<double>();
      values[i] = kept - kStep;
      const double below = function().item<double>();
      values[i] = kept;
      const double expected = (above - below) / (2 * kStep);
      ASSERT_NEAR(gradient.data_ptr<double>()[i], expected,
                  1e-6 * std::max(1.0, std::abs(expected)))
          << "input " << k << ", value " << i;
    }
  }
}

}  // namespace peculiar
