// How much of a GPU's memory a process may take, and how a count of bytes is read and written.
// Pure; free of LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace peculiar {

// So many bytes, or a share of what the GPU has.
struct MemoryLimit {
  std::int64_t bytes = 0;  // 0: `share` says it
  double share = 0;        // more than 0, at most 1
  bool operator==(const MemoryLimit&) const = default;
};

// "20GiB", "512MiB", "1.5GiB" or "50%". INVALID_ARGUMENT saying what is expected.
absl::StatusOr<MemoryLimit> ParseMemoryLimit(std::string_view text);

// Of `total_bytes`, 0 to 1. INVALID_ARGUMENT when the limit is more.
absl::StatusOr<double> ShareOf(const MemoryLimit& limit, std::int64_t total_bytes);

// "20.0 GiB", "512 MiB".
std::string MemoryText(std::int64_t bytes);

}  // namespace peculiar
