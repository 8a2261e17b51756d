// The seam to LibTorch's exceptions: nothing above core/model and core/train has `try`. Free of
// LibTorch.
#pragma once

#include <string_view>
#include <type_traits>

#include "core/base/status.h"

namespace peculiar {

// The exception being handled as a Status "what: message": out of memory is RESOURCE_EXHAUSTED,
// anything else INTERNAL. Call only inside a catch block.
absl::Status StatusOfCurrentException(std::string_view what);

// Calls fn, which returns absl::Status, absl::StatusOr<T> or void (then OK), and turns an exception
// out of it into a Status. `what` says what was attempted.
template <typename Function>
auto Guard(std::string_view what, Function&& fn) {
  using Result = std::invoke_result_t<Function>;
  try {
    if constexpr (std::is_void_v<Result>) {
      fn();
      return absl::OkStatus();
    } else {
      return fn();
    }
  } catch (...) {
    if constexpr (std::is_void_v<Result>) {
      return StatusOfCurrentException(what);
    } else {
      return Result(StatusOfCurrentException(what));
    }
  }
}

}  // namespace peculiar
