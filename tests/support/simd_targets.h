// Which of the CPU's vector instructions the kernels of a room use, for tests that try them all.
// For the tests of a room with kernels: its simd.h, which comes before this, says what they are
// compiled for. Of the whole process; not while a kernel runs.
#pragma once

#ifndef HWY_DISABLED_TARGETS
#error "include the simd.h of the room first"
#endif
#include <hwy/targets.h>

#include <cstdint>
#include <string>
#include <vector>

namespace peculiar {

// Names of the instruction sets that there is code for and this machine can run, best first:
// "AVX3" (AVX-512), "AVX2", ...
inline std::vector<std::string> SimdTargets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.emplace_back(hwy::TargetName(target));
  }
  return names;
}

// Uses only that one of SimdTargets from now on; "" goes back to the best.
inline void UseSimdTarget(const std::string& name) {
  hwy::SetSupportedTargetsForTest(0);
  std::int64_t chosen = 0;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (name == hwy::TargetName(target)) chosen = target;
  }
  hwy::SetSupportedTargetsForTest(chosen);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace peculiar
