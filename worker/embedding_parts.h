// The parts of a model's embeddings, one a dataset shard: what is there is kept, what is not is
// made. Several processes may do so at once, each with shards of its own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/dataset/dataset.h"
#include "core/model/embedder.h"
#include "worker/embeddings.h"

namespace peculiar::worker {

// The rows of the dataset that lie in one shard.
struct ShardRows {
  std::size_t shard = 0;
  std::size_t first = 0;
  std::size_t count = 0;
};

// In row order. INTERNAL unless every shard holds consecutive rows in its order: parts are read
// back one after the other as the rows of the dataset.
absl::StatusOr<std::vector<ShardRows>> RowsByShard(const Dataset& dataset);

std::size_t CountRows(std::span<const ShardRows> shards);

// The parts of `shards` as others have made them. FAILED_PRECONDITION naming those that are
// missing, damaged or of another source.
absl::StatusOr<std::vector<EmbeddingPartEntry>> FindAllParts(const std::filesystem::path& folder,
                                                             std::span<const ShardRows> shards,
                                                             const EmbeddingSource& source);

// The same, but makes those, with the model in `model_folder`, and verifies what it reads of the
// dataset. Adds to `rows_kept` the rows of parts that were there. Shows its progress.
absl::StatusOr<std::vector<EmbeddingPartEntry>> FindOrMakeParts(
    const Dataset& dataset, const std::filesystem::path& model_folder,
    const std::filesystem::path& folder, std::span<const ShardRows> shards,
    const EmbedderOptions& options, const EmbeddingsManifest& manifest, std::size_t& rows_kept);

}  // namespace peculiar::worker
