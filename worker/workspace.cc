#include "worker/workspace.h"

#include <algorithm>
#include <utility>

#include "core/base/file.h"
#include "core/base/json.h"

namespace peculiar::worker {
namespace {

constexpr std::string_view kMarkerName = "workspace.json";
constexpr std::string_view kLockName = "lock";

absl::StatusOr<FileLock> TakeLock(const std::filesystem::path& root, LockMode mode) {
  return FileLock::Take(root / kLockName, mode, root.string());
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
    PECULIAR_ASSIGN_OR_RETURN(FileLock lock, TakeLock(root, LockMode::kAlone));
    Workspace workspace(root, std::move(lock));
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
  if (access == WorkspaceAccess::kRead) return Workspace(root, std::nullopt);
  const bool shared = access == WorkspaceAccess::kModels;
  PECULIAR_ASSIGN_OR_RETURN(FileLock lock,
                            TakeLock(root, shared ? LockMode::kShared : LockMode::kAlone));
  return Workspace(root, std::move(lock));
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

absl::StatusOr<FileLock> Workspace::LockModel(std::string_view model, LockMode mode) const {
  PECULIAR_ASSIGN_OR_RETURN(std::filesystem::path path, ModelFolder(model));
  PECULIAR_RETURN_IF_ERROR(CreateFolder(models_folder()));
  path += ".lock";
  return FileLock::Take(path, mode, fmt::format("model {} of {}", model, root_.string()));
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
