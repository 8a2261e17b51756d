// The end of long work that another thread may ask for, as a status: work that lasts seconds looks
// now and then whether it is still wanted. Safe from any thread; some nanoseconds.
#pragma once

#include <stop_token>

#include "core/base/status.h"

namespace peculiar {

// CANCELLED when the end was asked for. A token that comes of no source never asks.
inline absl::Status CheckStop(const std::stop_token& stop) {
  if (!stop.stop_requested()) return absl::OkStatus();
  return MakeStatus(absl::StatusCode::kCancelled, "told to stop");
}

}  // namespace peculiar
