// Features as a classifier wants them: every column on one scale. Internal to the room.
// Pure; O(n d).
#pragma once

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/feedback/logistic_regression.h"

namespace peculiar {

// The columns that vary, each less its mean and divided by its standard deviation over all rows.
// INVALID_ARGUMENT naming the first row with a value that is not finite; FAILED_PRECONDITION when
// no column varies.
absl::StatusOr<Points> StandardiseFeatures(Matrix features);

}  // namespace peculiar
