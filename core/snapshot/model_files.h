// Internal to the room: the files of one model in a snapshot that is being written, and how far its
// spaces agree, which is known only once all neighbours are.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/catalog/catalog.h"
#include "core/snapshot/builder.h"

namespace peculiar {

// Writes index and neighbours of every space, embeddings and spaxel maps of `model` into `folder`,
// and sets `agreement` in `spaces`: "latent", then those of the content, as CompleteContent made
// them. The content is complete. O(galaxies^2) a space; holds one space's coordinates twice more.
absl::Status WriteModelFiles(const std::filesystem::path& folder, std::string_view model,
                             const SnapshotModelContent& content, const PublishOptions& options,
                             std::vector<CatalogSpace>& spaces);

}  // namespace peculiar
