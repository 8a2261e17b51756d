// Where a network runs. Free of LibTorch.
// Asked once at the start of a verb; what it answers is then passed down.
#pragma once

#include <string_view>

#include "core/base/status.h"

namespace peculiar {

enum class DeviceKind { kAuto, kCpu, kCuda };

// "auto", "cpu", "cuda".
std::string_view DeviceName(DeviceKind device);
// INVALID_ARGUMENT naming the known devices.
absl::StatusOr<DeviceKind> ParseDevice(std::string_view name);

// kCpu or kCuda: `auto` is cuda when LibTorch has a usable GPU. FAILED_PRECONDITION when cuda is
// asked for and there is none.
absl::StatusOr<DeviceKind> ResolveDevice(DeviceKind device);

}  // namespace peculiar
