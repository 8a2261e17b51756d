// The optimisers there are, by name.
// Free of LibTorch, so that flags and configurations can name them. Pure functions.
#pragma once

#include <string_view>

#include "core/base/status.h"

namespace peculiar {

enum class OptimiserKind { kAdagrad, kAdam };

// "adagrad", "adam".
std::string_view OptimiserName(OptimiserKind kind);
// INVALID_ARGUMENT naming the known ones.
absl::StatusOr<OptimiserKind> ParseOptimiserName(std::string_view name);

}  // namespace peculiar
