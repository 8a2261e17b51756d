// What `feedback` learned of a model's galaxies, on disk: W/models/NAME/relevance.json, with the
// labels it was learned from and what the embeddings were made from. Plain functions, no state.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/feedback/labels.h"
#include "core/feedback/relevance.h"
#include "worker/embeddings.h"

namespace peculiar::worker {

inline constexpr std::string_view kRelevanceName = "relevance.json";

// What is known of every galaxy and learned from: the model's embedding; how badly it reconstructs
// the galaxy, the logs of `mae` and of each line's share of it; or both.
enum class FeatureChoice { kEmbedding, kErrors, kEmbeddingAndErrors };

// "embedding", "errors", "embedding+errors".
std::string_view FeatureChoiceName(FeatureChoice choice);

struct ModelRelevance {
  std::string model;  // name
  FeatureChoice learned_on = FeatureChoice::kEmbeddingAndErrors;
  EmbeddingSource source;     // of embeddings and scores
  std::string labels_sha256;  // of the CSV file's bytes
  LabelSet labels;            // every label, all of them used
  RelevanceFacts facts;       // of the fit
  std::vector<double>
      values;  // relevance in [0, 1] in dataset order; NaN = a feature is not finite
};

// Facts of the fit as the file and the verb's report have them.
Json ToJson(const RelevanceFacts& facts);

// Writes folder/relevance.json atomically. The same content gives the same bytes. INVALID_ARGUMENT
// when a value is neither NaN nor in [0, 1].
absl::Status WriteRelevance(const std::filesystem::path& folder, const ModelRelevance& relevance);

// Reads it back, checked: NOT_FOUND when there is none; DATA_LOSS naming the file when it is no
// JSON, of another format, its digest is not that of its content, a field is missing or wrong, a
// value is out of [0, 1], or the labels are unsorted, malformed or not as many as said. Whether the
// source is what is there now is for the caller to compare.
absl::StatusOr<ModelRelevance> ReadRelevance(const std::filesystem::path& folder);

}  // namespace peculiar::worker
