// A model's embeddings and scores on disk, between the verbs embed and publish: the folder
// W/models/NAME/embeddings/ with one part-NNNNN.safetensors per dataset shard and embeddings.json,
// written last. Every part names what it was made from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/embedding/matrix.h"
#include "core/embedding/score.h"

namespace peculiar::worker {

// What embeddings were made from.
struct EmbeddingSource {
  std::string dataset_digest;     // SHA-256
  std::string checkpoint_digest;  // SHA-256
  std::string precision;          // "fp32"; empty: unknown, files of earlier versions do not say it
  bool operator==(const EmbeddingSource&) const = default;
};

// Embeddings and scores of the samples of one dataset shard, in its order.
struct EmbeddingPart {
  std::size_t shard = 0;          // index of the dataset shard
  std::size_t dimension = 0;      // width of the embedding
  std::vector<float> embeddings;  // rows x dimension
  std::vector<Scores> scores;  // rows; all with as many line shares and spaxels; may be non-finite
  std::size_t rows() const { return scores.size(); }
};

// A part as embeddings.json lists it.
struct EmbeddingPartEntry {
  std::string file;  // "part-00000.safetensors"
  std::size_t rows = 0;
  std::string sha256;
  bool operator==(const EmbeddingPartEntry&) const = default;
};

// embeddings.json.
struct EmbeddingsManifest {
  std::string model;  // name
  std::string kind;   // "ae", "vae"
  std::string preset;
  std::int64_t seed = 0;
  EmbeddingSource source;
  std::size_t dimension = 0;
  std::size_t rows = 0;                   // of all parts
  std::vector<EmbeddingPartEntry> parts;  // in shard order
  std::string training_json = "{}";       // figures of the training, a JSON object
};

struct ModelEmbeddings {
  EmbeddingsManifest manifest;
  std::vector<float> embeddings;  // rows x dimension, in dataset order
  std::vector<Scores> scores;     // rows
  Matrix matrix() const { return {embeddings.data(), manifest.rows, manifest.dimension}; }
};

// "part-00007.safetensors".
std::string EmbeddingPartFile(std::size_t shard);

// Writes folder/part-NNNNN.safetensors atomically and returns its entry. INVALID_ARGUMENT when the
// part is empty or its sizes disagree; errors of WriteTensorFile.
absl::StatusOr<EmbeddingPartEntry> WriteEmbeddingPart(const std::filesystem::path& folder,
                                                      const EmbeddingPart& part,
                                                      const EmbeddingSource& source);

// The entry of a part that an earlier run has written, so that it need not be made again. NOT_FOUND
// when there is none; FAILED_PRECONDITION when it was made from another source; DATA_LOSS when it
// is not whole or has other than `rows` rows.
absl::StatusOr<EmbeddingPartEntry> FindEmbeddingPart(const std::filesystem::path& folder,
                                                     std::size_t shard, std::size_t rows,
                                                     const EmbeddingSource& source);

// The precision that a part names. NOT_FOUND when there is none; DATA_LOSS when it is not whole.
absl::StatusOr<std::string> PrecisionOfPart(const std::filesystem::path& folder, std::size_t shard);

absl::Status WriteEmbeddingsManifest(const std::filesystem::path& folder,
                                     const EmbeddingsManifest& manifest);

// NOT_FOUND when there is no embeddings.json; DATA_LOSS when it is wrong.
absl::StatusOr<EmbeddingsManifest> ReadEmbeddingsManifest(const std::filesystem::path& folder);

// SHA-256 of embeddings.json, which pins all parts. NOT_FOUND when there is none.
absl::StatusOr<std::string> DigestOfEmbeddings(const std::filesystem::path& folder);

// Everything, with the digest, source and size of each part checked. NOT_FOUND when the manifest or
// a part is missing; DATA_LOSS naming the part that is wrong.
absl::StatusOr<ModelEmbeddings> ReadEmbeddings(const std::filesystem::path& folder);

}  // namespace peculiar::worker
