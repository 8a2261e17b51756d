// The folder a worker works in: owns the names of everything in it and its locks, so that no two
// workers write the same: W/lock, and for each model W/models/NAME.lock.
//   W/workspace.json  {"format": 1}              W/lock  pid of the last worker that held it
//   W/dataset/        see core/dataset           W/models/NAME/{checkpoint*, embeddings/,
//   coordinates/} W/snapshots/      what the server reads      W/tags/NAME.json
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "worker/file_lock.h"

namespace peculiar::worker {

inline constexpr int kWorkspaceFormat = 1;

// kWrite holds the lock for the object's lifetime, alone. kModels shares it with others that write
// models too, each that it has locked (LockModel): the dataset stays as it is meanwhile. kRead
// takes none: every artefact appears atomically, so reading beside a writer is safe.
enum class WorkspaceAccess { kRead, kModels, kWrite };

class Workspace {
 public:
  // Opens the workspace for writing, made first when `root` is absent or empty. Errors as Open;
  // FAILED_PRECONDITION when `root` holds something else.
  static absl::StatusOr<Workspace> Create(const std::filesystem::path& root);
  // NOT_FOUND when `root` is not a workspace; FAILED_PRECONDITION for another format version, or
  // (but for kRead) "another peculiar-worker (pid N) is using W".
  static absl::StatusOr<Workspace> Open(const std::filesystem::path& root,
                                        WorkspaceAccess access = WorkspaceAccess::kWrite);

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
  // For as long as the lock lives: kAlone to change the model, kShared to make parts of its
  // embeddings beside others that do. Makes models/ when absent. FAILED_PRECONDITION "another
  // peculiar-worker (pid N) is using model NAME of W"; INVALID_ARGUMENT as ModelFolder.
  absl::StatusOr<FileLock> LockModel(std::string_view model, LockMode mode) const;
  // Names of the models there (folders with a valid name), sorted.
  absl::StatusOr<std::vector<std::string>> ModelNames() const;

 private:
  Workspace(std::filesystem::path root, std::optional<FileLock> lock)
      : root_(std::move(root)), lock_(std::move(lock)) {}

  std::filesystem::path root_;
  std::optional<FileLock> lock_;  // none for kRead
};

// INVALID_ARGUMENT unless `name` is 1 to 64 characters of a-z, 0-9, '-' and '_'.
absl::Status CheckModelName(std::string_view name);

}  // namespace peculiar::worker
