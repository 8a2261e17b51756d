// Which snapshot is served: the file CURRENT in a snapshots folder, and the snapshots beside it.
// The only mutable file of a snapshots folder; replaced atomically, so readers need no lock.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace peculiar {

// The id in CURRENT; the snapshot itself is not looked at. NOT_FOUND when there is no CURRENT;
// DATA_LOSS when it is not one line with a snapshot id, so the result is always a plain folder
// name.
absl::StatusOr<std::string> ReadCurrent(const std::filesystem::path& snapshots_folder);

// Points CURRENT at `id`, atomically and durably. INVALID_ARGUMENT when it is not an id, NOT_FOUND
// when there is no such folder. The caller has verified the snapshot.
absl::Status WriteCurrent(const std::filesystem::path& snapshots_folder, std::string_view id);

// Ids of the snapshots there, oldest first: folders whose name is an id. Empty when the folder does
// not exist.
absl::StatusOr<std::vector<std::string>> ListSnapshots(
    const std::filesystem::path& snapshots_folder);

}  // namespace peculiar
