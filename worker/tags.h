// Named sets of galaxies that the user gave, between the verbs tag and publish: W/tags/NAME.json, a
// file a set. The folder's files appear atomically; one writer at a time, the workspace's lock.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/catalog/catalog.h"

namespace peculiar::worker {

struct Tag {
  std::string name;                   // IsTagName
  std::string description;            // one line, at most 1000 bytes; may be empty
  std::vector<std::string> galaxies;  // plate-IFUs, rising, unique, at least one
  bool operator==(const Tag&) const = default;
};

// A galaxy as a list names it.
struct ListedGalaxy {
  std::string plateifu;
  std::size_t line = 0;  // from 1
  bool operator==(const ListedGalaxy&) const = default;
};

// One plate-IFU a line, `manga-` before it and blanks around it tolerated; what follows a '#' and
// empty lines are skipped. `what` names the list. INVALID_ARGUMENT naming line and text when a line
// is something else, or when there is no galaxy.
absl::StatusOr<std::vector<ListedGalaxy>> ParseGalaxyList(std::string_view text,
                                                          std::string_view what);

// INVALID_ARGUMENT unless the tag obeys the rules above; errors of AtomicFile.
absl::Status WriteTag(const std::filesystem::path& folder, const Tag& tag);

// Every tag, by name; none when there is no folder. DATA_LOSS naming the file that is no tag.
absl::StatusOr<std::vector<Tag>> ReadTags(const std::filesystem::path& folder);

// NOT_FOUND when there is none of that name, INVALID_ARGUMENT when it cannot be one.
absl::Status RemoveTag(const std::filesystem::path& folder, std::string_view name);

// The tag as the catalogue holds it: galaxies of the sample by their rows, those that are known but
// not in the sample by their names, and into `unknown` those that are neither.
CatalogTag PlaceTag(const Tag& tag, const CatalogContent& catalog,
                    std::vector<std::string>& unknown);

}  // namespace peculiar::worker
