// How the learning rate changes over a run.
// Free of LibTorch. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/status.h"

namespace peculiar {

enum class RateSchedule {
  kConstant,  // the paper's
  kCosine,    // up over the first twentieth of the steps, then half a cosine down to a hundredth
};

// "constant", "cosine".
std::string_view RateScheduleName(RateSchedule schedule);

// The factor of the learning rate at `step` (from 0) of a run of `steps`; in (0, 1]. Cosine as
// Loshchilov and Hutter 2017, without restarts, after a linear warm-up.
double RateFactor(RateSchedule schedule, std::int64_t step, std::int64_t steps);

}  // namespace peculiar
