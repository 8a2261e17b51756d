// Galaxies that a network cannot place: embeddings that overflowed. They leave the sample with
// their reason, so that one of them does not hold up the snapshot of all others.
#pragma once

#include <vector>

#include "core/catalog/catalog.h"
#include "worker/coordinates.h"
#include "worker/embeddings.h"
#include "worker/relevance_file.h"

namespace peculiar::worker {

// Moves every galaxy whose embedding by one of the models has a value that is not finite from
// catalog.galaxies to catalog.excluded, reason "embedding_not_finite", the models named, and its
// rows out of all models, their coordinates and relevance. Returns how many. Requires as many rows
// in every model, and in the coordinates and relevance of each where it has some, as galaxies.
std::size_t LeaveOutNotFinite(CatalogContent& catalog, std::vector<ModelEmbeddings>& models,
                              std::vector<ModelCoordinates>& coordinates,
                              std::vector<ModelRelevance>& relevance);

}  // namespace peculiar::worker
