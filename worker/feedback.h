// peculiar-worker feedback: learns from galaxies that a person has labelled which others of a
// model's embeddings are relevant, and keeps that re-ranking beside them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "worker/command.h"
#include "worker/relevance_file.h"

namespace peculiar::worker {

struct FeedbackOptions {
  std::filesystem::path workspace;
  std::string model;
  std::filesystem::path labels;  // CSV; empty: nothing is fitted, what is there is reported
  // Errors too: on the simulated survey they gain far more than the embedding (docs/benchmarks.md).
  FeatureChoice learn_on = FeatureChoice::kEmbeddingAndErrors;
  std::size_t top = 10;  // galaxies to name
};

struct RelevantGalaxy {
  std::string plateifu;
  double relevance = 0;
};

struct FeedbackReport {
  ModelRelevance relevance;
  std::vector<RelevantGalaxy> top;  // unlabelled, the most relevant first, ties by plate-IFU; empty
                                    // when stale by another dataset
  std::size_t not_finite = 0;       // galaxies without a relevance
  std::string stale;  // what the relevance was made from that is no longer there; empty: up to date
};

// With labels: fits on the model's embeddings and writes W/models/NAME/relevance.json, replacing an
// earlier one; holds the workspace's lock. Without: reads that file, beside a writer.
// NOT_FOUND when the model, its embeddings, the labels' file or (without labels) relevance.json is
// missing, or when a labelled galaxy is not in the dataset: a label that is passed over in silence
// would be a verdict lost. FAILED_PRECONDITION when embeddings are older than dataset or
// checkpoint, a labelled galaxy's features are not finite, or labels are too few (FitRelevance).
// DATA_LOSS for a bad file (ParseLabels, ReadEmbeddings, ReadRelevance), naming it.
absl::StatusOr<FeedbackReport> RunFeedback(const FeedbackOptions& options);

Json ToJson(const FeedbackReport& report);

void AddFeedbackCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
