#include "worker/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/base/file.h"

namespace peculiar::worker {
namespace {

absl::StatusOr<int> OpenLock(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return StatusFromErrno("open", path, errno);
  return descriptor;
}

// 0, or errno.
int Flock(int descriptor, int operation) {
  while (flock(descriptor, operation) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

// The id that the last holder wrote.
std::string ReadPid(int descriptor) {
  char text[32] = {};
  const ssize_t n = pread(descriptor, text, sizeof(text) - 1, 0);
  const std::string_view pid(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  return n > 0 ? std::string(pid.substr(0, pid.find(' '))) : "unknown";
}

}  // namespace

absl::StatusOr<FileLock> FileLock::Take(const std::filesystem::path& path, LockMode mode,
                                        std::string_view what) {
  PECULIAR_ASSIGN_OR_RETURN(const int descriptor, OpenLock(path));
  FileLock lock(descriptor);
  const int operation = (mode == LockMode::kShared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  const int failed = Flock(descriptor, operation);
  if (failed == EWOULDBLOCK) {
    return FailedPrecondition("another peculiar-worker (pid {}) is using {}", ReadPid(descriptor),
                              what);
  }
  if (failed != 0) return StatusFromErrno("lock", path, failed);
  // One write of one length: of several that share it, each leaves a whole id.
  const std::string pid = fmt::format("{:<11}", getpid());
  if (pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return StatusFromErrno("write", path, errno);
  }
  return lock;
}

absl::StatusOr<FileLock> FileLock::Wait(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const int descriptor, OpenLock(path));
  FileLock lock(descriptor);
  if (const int failed = Flock(descriptor, LOCK_EX); failed != 0) {
    return StatusFromErrno("lock", path, failed);
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);  // what was held ends with `other`
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace peculiar::worker
