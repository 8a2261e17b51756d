// The share of a job that one of N processes does, numbered from 0 as the arrays of batch systems
// are. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/status.h"

namespace peculiar::worker {

struct Share {
  std::size_t index = 0;  // less than count
  std::size_t count = 1;
  bool operator==(const Share&) const = default;
};

// "3/8" is the fourth of eight. INVALID_ARGUMENT saying what is wrong and what is expected.
absl::StatusOr<Share> ParseShare(std::string_view text);

// Consecutive things [first, end).
struct Range {
  std::size_t first = 0;
  std::size_t end = 0;
  bool operator==(const Range&) const = default;
};

// The share of n things: all shares together hold each once, and their sizes differ by one at most.
// Requires share.count <= n, or some are empty.
Range RangeOf(const Share& share, std::size_t n);

}  // namespace peculiar::worker
