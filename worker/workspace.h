// The folder a worker works in: owns the names of everything in it and a lock, so that two workers
// never write into one. The lock is an flock on W/lock: it ends with the process, however that
// ends.
//   W/workspace.json  {"format": 1}              W/lock  pid of the last worker that held it
//   W/dataset/        see core/dataset           W/models/NAME/{checkpoint*, embeddings/,
//   coordinates/} W/snapshots/      what the server reads      W/tags/NAME.json
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar::worker {

inline constexpr int kWorkspaceFormat = 1;

// kWrite holds the lock for the object's lifetime. kRead takes none: every artefact appears
// atomically, so reading beside a writer is safe.
enum class WorkspaceAccess { kRead, kWrite };

class Workspace {
 public:
  // Opens the workspace for writing, made first when `root` is absent or empty. Errors as Open;
  // FAILED_PRECONDITION when `root` holds something else.
  static absl::StatusOr<Workspace> Create(const std::filesystem::path& root);
  // NOT_FOUND when `root` is not a workspace; FAILED_PRECONDITION for another format version, or
  // (kWrite) "another peculiar-worker (pid N) is using W".
  static absl::StatusOr<Workspace> Open(const std::filesystem::path& root,
                                        WorkspaceAccess access = WorkspaceAccess::kWrite);
  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&&) = delete;
  ~Workspace();

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path dataset_folder() const { return root_ / "dataset"; }
  std::filesystem::path models_folder() const { return root_ / "models"; }
  std::filesystem::path snapshots_folder() const { return root_ / "snapshots"; }
  std::filesystem::path tags_folder() const { return root_ / "tags"; }
  // models/NAME, models/NAME/embeddings and models/NAME/coordinates, whether they exist or not.
  // INVALID_ARGUMENT for a name that CheckModelName refuses.
  absl::StatusOr<std::filesystem::path> ModelFolder(std::string_view model) const;
  absl::StatusOr<std::filesystem::path> EmbeddingsFolder(std::string_view model) const;
  absl::StatusOr<std::filesystem::path> CoordinatesFolder(std::string_view model) const;
  // Names of the models there (folders with a valid name), sorted.
  absl::StatusOr<std::vector<std::string>> ModelNames() const;

 private:
  Workspace(std::filesystem::path root, int lock) : root_(std::move(root)), lock_(lock) {}

  std::filesystem::path root_;
  int lock_ = -1;  // descriptor that holds the flock, -1 for kRead
};

// INVALID_ARGUMENT unless `name` is 1 to 64 characters of a-z, 0-9, '-' and '_'.
absl::Status CheckModelName(std::string_view name);

}  // namespace peculiar::worker
