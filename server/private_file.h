// Files that decide who may do what: keys and lists of tokens. They are read only when nobody but
// their owner, or a group that may not write, has access to them.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/status.h"

namespace peculiar::server {

inline constexpr std::uint64_t kMaxPrivateFileBytes = 1 << 20;

// The whole file. FAILED_PRECONDITION when it belongs to somebody other than this process's user or
// root, or when its mode allows more than 0640 does; NOT_FOUND and the like as ReadFile.
absl::StatusOr<std::string> ReadPrivateFile(const std::filesystem::path& path);

}  // namespace peculiar::server
