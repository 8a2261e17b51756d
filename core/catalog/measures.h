// Internal to the room: the rules of catalog.h for what is measured between galaxies and for what
// the user adds. Parts of ValidateCatalog, which has checked galaxies, models and scores before.
#pragma once

#include "core/base/status.h"
#include "core/catalog/catalog.h"

namespace peculiar {

// INVALID_ARGUMENT naming model and space.
absl::Status ValidateSpaces(const CatalogContent& content);
// INVALID_ARGUMENT naming the tag.
absl::Status ValidateTags(const CatalogContent& content);
// INVALID_ARGUMENT naming both observations. Requires sound spaces and scores.
absl::Status ValidateRepeats(const CatalogContent& content);

}  // namespace peculiar
