// A lock on a file, by flock: between processes, also of several machines where the file system
// passes it on, and it ends with its holder, however that ends. Movable; not for concurrent use.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/status.h"

namespace peculiar::worker {

enum class LockMode { kAlone, kShared };

class FileLock {
 public:
  // Takes the lock on `path`, made when absent, and writes this process's id into it.
  // FAILED_PRECONDITION "another peculiar-worker (pid N) is using WHAT" when another holds it in a
  // way that excludes this one; N is the last that took it.
  static absl::StatusOr<FileLock> Take(const std::filesystem::path& path, LockMode mode,
                                       std::string_view what);
  // Alone, after whoever holds it: for the moment of a write.
  static absl::StatusOr<FileLock> Wait(const std::filesystem::path& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace peculiar::worker
