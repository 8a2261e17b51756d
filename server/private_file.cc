#include "server/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/file.h"

namespace peculiar::server {
namespace {

constexpr mode_t kForbidden = S_IWGRP | S_IXGRP | S_IRWXO;

}  // namespace

absl::StatusOr<std::string> ReadPrivateFile(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return StatusFromErrno("stat", path, errno);
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return FailedPrecondition("{} belongs to user {}; expected root or user {}, who runs this",
                              path.string(), status.st_uid, geteuid());
  }
  if ((status.st_mode & kForbidden) != 0) {
    return FailedPrecondition("{} has mode {:04o}: others may read or change it; chmod 0600 {}",
                              path.string(), status.st_mode & 07777, path.string());
  }
  return ReadFile(path, kMaxPrivateFileBytes);
}

}  // namespace peculiar::server
