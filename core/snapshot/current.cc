#include "core/snapshot/current.h"

#include <algorithm>

#include "core/base/file.h"
#include "core/snapshot/layout.h"

namespace peculiar {
namespace {

constexpr std::uint64_t kMaxCurrentBytes = 4096;

}  // namespace

absl::StatusOr<std::string> ReadCurrent(const std::filesystem::path& snapshots_folder) {
  const std::filesystem::path path = snapshots_folder / kCurrentFile;
  absl::StatusOr<std::string> content = ReadFile(path, kMaxCurrentBytes);
  if (absl::IsResourceExhausted(content.status())) {
    return DataLoss("{}", MessageOf(content.status()));
  }
  PECULIAR_RETURN_IF_ERROR(content.status());
  std::string_view id = *content;
  if (id.ends_with('\n')) id.remove_suffix(1);
  if (!IsSnapshotId(id)) {
    return DataLoss("{} is not one line with a snapshot id, but {} bytes of something else",
                    path.string(), content->size());
  }
  return std::string(id);
}

absl::Status WriteCurrent(const std::filesystem::path& snapshots_folder, std::string_view id) {
  if (!IsSnapshotId(id)) return InvalidArgument("'{}' is not a snapshot id", id);
  std::error_code error;
  if (!std::filesystem::is_directory(snapshots_folder / id, error)) {
    return NotFound("no snapshot {} in {}", id, snapshots_folder.string());
  }
  return WriteFileAtomically(snapshots_folder / kCurrentFile, fmt::format("{}\n", id));
}

absl::StatusOr<std::vector<std::string>> ListSnapshots(
    const std::filesystem::path& snapshots_folder) {
  std::vector<std::string> ids;
  std::error_code error;
  std::filesystem::directory_iterator entry(snapshots_folder, error);
  if (error == std::errc::no_such_file_or_directory) return ids;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    std::string name = entry->path().filename().string();
    if (IsSnapshotId(name) && entry->is_directory(ignored)) ids.push_back(std::move(name));
  }
  if (error) return StatusFromErrno("list folder", snapshots_folder, error.value());
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace peculiar
