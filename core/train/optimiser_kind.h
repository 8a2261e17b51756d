// The optimisers there are, by name.
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
