#include "core/projection/curve_fit.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace peculiar {
namespace {

constexpr std::size_t kPoints = 300;
constexpr int kSteps = 200;
constexpr double kSmallestStep = 1e-12;

struct Sample {
  double x;
  double y;
};
using Samples = std::array<Sample, kPoints>;

// The parameters are searched as logarithms: they stay positive.
struct Logs {
  double a = 0;
  double b = 0;
};

Samples MakeSamples(double min_dist, double spread) {
  Samples samples;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double x = 3 * spread * static_cast<double>(i) / (kPoints - 1);
    samples[i] = {x, x < min_dist ? 1 : std::exp(-(x - min_dist) / spread)};
  }
  return samples;
}

// Half the normal equations of a step: the gradient and J^T J of the residuals.
struct Normal {
  double cost = 0;
  double gradient_a = 0, gradient_b = 0;
  double aa = 0, ab = 0, bb = 0;
};

Normal Linearise(const Samples& samples, const Logs& logs) {
  const double a = std::exp(logs.a);
  const double b = std::exp(logs.b);
  Normal normal;
  for (const Sample& sample : samples) {
    const double power = sample.x > 0 ? a * std::pow(sample.x, 2 * b) : 0;
    const double curve = 1 / (1 + power);
    const double residual = curve - sample.y;
    const double by_a = -curve * curve * power;
    const double by_b = sample.x > 0 ? by_a * 2 * b * std::log(sample.x) : 0;
    normal.cost += residual * residual;
    normal.gradient_a += residual * by_a;
    normal.gradient_b += residual * by_b;
    normal.aa += by_a * by_a;
    normal.ab += by_a * by_b;
    normal.bb += by_b * by_b;
  }
  return normal;
}

}  // namespace

absl::StatusOr<SimilarityCurve> FitSimilarityCurve(double min_dist, double spread) {
  if (!(spread > 0) || !std::isfinite(spread) || !(min_dist >= 0) || !(min_dist <= spread)) {
    return InvalidArgument("min_dist {}, spread {}: expected 0 <= min_dist <= spread, spread > 0",
                           min_dist, spread);
  }
  const Samples samples = MakeSamples(min_dist, spread);
  Logs logs;
  Normal here = Linearise(samples, logs);
  double damping = 1e-3;  // Levenberg and Marquardt: larger is closer to steepest descent
  for (int step = 0; step < kSteps; ++step) {
    const double aa = here.aa * (1 + damping);
    const double bb = here.bb * (1 + damping);
    const double determinant = aa * bb - here.ab * here.ab;
    const double move_a = -(bb * here.gradient_a - here.ab * here.gradient_b) / determinant;
    const double move_b = -(aa * here.gradient_b - here.ab * here.gradient_a) / determinant;
    const Logs next{logs.a + move_a, logs.b + move_b};
    const Normal there = Linearise(samples, next);
    if (there.cost <= here.cost) {
      logs = next;
      here = there;
      damping /= 10;
      if (std::abs(move_a) + std::abs(move_b) < kSmallestStep) break;
    } else {
      damping *= 10;  // also when the cost is not finite
    }
  }
  return SimilarityCurve{std::exp(logs.a), std::exp(logs.b)};
}

}  // namespace peculiar
