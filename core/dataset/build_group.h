// The groups of a dataset build: is one done already, and if not, its shard and its record.
// Internal to the room: BuildDataset plans the groups and runs them on several threads.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/dataset/build_dataset.h"
#include "core/dataset/group_record.h"

namespace peculiar {

// A selected galaxy and its cube file, if there is one.
struct PlannedCube {
  GalaxyRecord galaxy;
  std::filesystem::path path;
  std::optional<FileStamp> stamp;  // none: there is no cube
};

struct PlannedGroup {
  std::size_t index = 0;
  std::string key;  // GroupRecord::key
  std::vector<PlannedCube> cubes;
};

// `galaxy` with what drpall does not say of it taken from its cube's header.
GalaxyRecord FilledFrom(const CubeHeader& header, GalaxyRecord galaxy);

// Size and time of last change of a file; nothing when it cannot be found.
std::optional<FileStamp> StampOf(const std::filesystem::path& path);

// The record that an earlier build has left in `folder`, if it still holds: same key, every cube
// there or missing as then and unchanged, no refusal that may have passed, the shard's bytes
// intact.
std::optional<GroupRecord> FindFinishedGroup(const std::filesystem::path& folder,
                                             const PlannedGroup& group);

// Reads the cubes of all these groups together, in parallel, then leaves shard-NNNNN-DIGEST.bin
// (unless no cube could be read) and the record of each. Holds all their line cubes in memory. A
// shard's name holds a digest of all it is made of, so a shard of another build is never
// overwritten.
absl::StatusOr<std::vector<GroupRecord>> BuildGroups(const std::filesystem::path& folder,
                                                     std::span<const PlannedGroup* const> groups,
                                                     const CubeSource& source,
                                                     const BuildDatasetOptions& options,
                                                     const BuildDatasetEvents& events);

}  // namespace peculiar
