// peculiar-worker tag: keeps named sets of galaxies in the workspace, which the next publish puts
// into the snapshot.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/command.h"
#include "worker/tags.h"

namespace peculiar::worker {

struct TagOptions {
  std::filesystem::path workspace;
  std::string name;
  std::filesystem::path file;  // the list, as ParseGalaxyList takes it
  std::string description;
};

struct TagReport {
  std::string name;
  std::size_t galaxies = 0;  // of the set, excluded ones too
  std::size_t excluded = 0;  // of them, known but not in the sample: they stay in the set, and a
                             // snapshot lists them apart
  std::size_t repeated = 0;  // lines that name a galaxy again
  bool replaced = false;     // there was a set of this name
};

// Makes or replaces a set. Holds the workspace's lock. NOT_FOUND without a workspace, dataset or
// list, or, naming line and id, when a galaxy is unknown to the dataset; INVALID_ARGUMENT as
// ParseGalaxyList and WriteTag. After an error the set is as before.
absl::StatusOr<TagReport> RunTag(const TagOptions& options);

// Removes a set; errors as RemoveTag. Published snapshots keep it.
absl::Status RunRemoveTag(const std::filesystem::path& workspace, const std::string& name);

// The sets, by name; takes no lock. Errors as ReadTags.
absl::StatusOr<std::vector<Tag>> RunListTags(const std::filesystem::path& workspace);

void AddTagCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
