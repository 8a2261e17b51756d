#include "worker/workspace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/file.h"
#include "core/base/json.h"

namespace peculiar::worker {
namespace {

constexpr std::string_view kMarkerName = "workspace.json";
constexpr std::string_view kLockName = "lock";

// Takes the lock and writes this process's pid into it; returns the descriptor that holds it.
absl::StatusOr<int> TakeLock(const std::filesystem::path& root) {
  const std::filesystem::path path = root / kLockName;
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return StatusFromErrno("open", path, errno);
  int failed = flock(descriptor, LOCK_EX | LOCK_NB);
  while (failed != 0 && errno == EINTR) failed = flock(descriptor, LOCK_EX | LOCK_NB);
  if (failed != 0) {
    const int reason = errno;
    char pid[32] = {};
    const ssize_t n = pread(descriptor, pid, sizeof(pid) - 1, 0);
    close(descriptor);
    if (reason != EWOULDBLOCK) return StatusFromErrno("lock", path, reason);
    return FailedPrecondition("another peculiar-worker (pid {}) is using {}",
                              n > 0 ? std::string(pid, n) : "unknown", root.string());
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(descriptor, 0) != 0 ||
      pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const absl::Status status = StatusFromErrno("write", path, errno);
    close(descriptor);
    return status;
  }
  return descriptor;
}

absl::Status CheckFormat(const std::filesystem::path& root) {
  const auto marker = ReadJson(root / kMarkerName);
  if (marker.status().code() == absl::StatusCode::kNotFound) {
    return NotFound("{} is not a workspace: it has no {}", root.string(), kMarkerName);
  }
  if (!marker.ok()) return marker.status();
  const auto format = JsonField<int>(*marker, "format");
  if (!format.ok()) return Annotate(format.status(), (root / kMarkerName).string());
  if (*format != kWorkspaceFormat) {
    return FailedPrecondition("workspace {} has format {}, this program reads {}", root.string(),
                              *format, kWorkspaceFormat);
  }
  return absl::OkStatus();
}

// Whether a folder that is no workspace may become one: nothing is in it but what Create itself
// leaves when it is killed.
absl::Status CheckEmpty(const std::filesystem::path& root) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    if (entry.path().filename() == kLockName || IsTemporaryName(entry.path())) continue;
    return FailedPrecondition("{} is not a workspace and not empty: it holds {}", root.string(),
                              entry.path().filename().string());
  }
  return error ? StatusFromErrno("list", root, error.value()) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<Workspace> Workspace::Create(const std::filesystem::path& root) {
  std::error_code error;
  if (!std::filesystem::exists(root / kMarkerName, error)) {
    PECULIAR_RETURN_IF_ERROR(CreateFolder(root));
    PECULIAR_RETURN_IF_ERROR(CheckEmpty(root));
    PECULIAR_ASSIGN_OR_RETURN(const int lock, TakeLock(root));
    Workspace workspace(root, lock);
    // Another process may have made it in between.
    if (!std::filesystem::exists(root / kMarkerName, error)) {
      PECULIAR_RETURN_IF_ERROR(WriteJson(root / kMarkerName, {{"format", kWorkspaceFormat}}));
    }
    PECULIAR_RETURN_IF_ERROR(CheckFormat(root));
    return workspace;
  }
  return Open(root);
}

absl::StatusOr<Workspace> Workspace::Open(const std::filesystem::path& root,
                                          WorkspaceAccess access) {
  PECULIAR_RETURN_IF_ERROR(CheckFormat(root));
  if (access == WorkspaceAccess::kRead) return Workspace(root, -1);
  PECULIAR_ASSIGN_OR_RETURN(const int lock, TakeLock(root));
  return Workspace(root, lock);
}

Workspace::Workspace(Workspace&& other) noexcept
    : root_(std::move(other.root_)), lock_(std::exchange(other.lock_, -1)) {}

Workspace::~Workspace() {
  if (lock_ >= 0) close(lock_);
}

absl::StatusOr<std::filesystem::path> Workspace::ModelFolder(std::string_view model) const {
  PECULIAR_RETURN_IF_ERROR(CheckModelName(model));
  return models_folder() / model;
}

absl::StatusOr<std::filesystem::path> Workspace::EmbeddingsFolder(std::string_view model) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path folder, ModelFolder(model));
  return folder / "embeddings";
}

absl::StatusOr<std::filesystem::path> Workspace::CoordinatesFolder(std::string_view model) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path folder, ModelFolder(model));
  return folder / "coordinates";
}

absl::StatusOr<std::vector<std::string>> Workspace::ModelNames() const {
  std::vector<std::string> names;
  std::error_code error;
  if (!std::filesystem::exists(models_folder(), error)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(models_folder(), error)) {
    const std::string name = entry.path().filename().string();
    std::error_code ignored;
    if (entry.is_directory(ignored) && CheckModelName(name).ok()) names.push_back(name);
  }
  if (error) return StatusFromErrno("list", models_folder(), error.value());
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status CheckModelName(std::string_view name) {
  const bool allowed = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  const bool begins_well = !name.empty() && name[0] != '-' && name[0] != '_';
  if (allowed && begins_well && name.size() <= 64) return absl::OkStatus();
  return InvalidArgument(
      "model name '{:.80}': expected 1 to 64 characters of a-z, 0-9, '-', '_', the first a letter "
      "or digit",
      name);
}

}  // namespace peculiar::worker
