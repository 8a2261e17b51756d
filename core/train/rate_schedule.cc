#include "core/train/rate_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace peculiar {
namespace {

constexpr std::int64_t kWarmUpDivisor = 20;
constexpr double kLastFactor = 0.01;

}  // namespace

std::string_view RateScheduleName(RateSchedule schedule) {
  return schedule == RateSchedule::kConstant ? "constant" : "cosine";
}

double RateFactor(RateSchedule schedule, std::int64_t step, std::int64_t steps) {
  if (schedule == RateSchedule::kConstant) return 1;
  const std::int64_t warm_up = std::max<std::int64_t>(steps / kWarmUpDivisor, 1);
  if (step < warm_up) return static_cast<double>(step + 1) / static_cast<double>(warm_up);
  const auto left = static_cast<double>(std::max<std::int64_t>(steps - warm_up, 1));
  const double progress = std::min(static_cast<double>(step - warm_up) / left, 1.0);
  return kLastFactor + (1 - kLastFactor) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace peculiar
