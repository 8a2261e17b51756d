// The models of a workspace that have embeddings, and those embeddings: what the verbs after embed
// work on. Reads the workspace; no state.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/dataset/dataset.h"
#include "worker/embeddings.h"
#include "worker/workspace.h"

namespace peculiar::worker {

// By name; those without embeddings go to `skipped`. NOT_FOUND when none has some.
absl::StatusOr<std::vector<std::string>> EmbeddedModels(const Workspace& workspace,
                                                        std::vector<std::string>& skipped);

// "dataset 12ab.., now 34cd..", or the checkpoint, or the precision; empty when all are the same.
std::string Difference(const EmbeddingSource& made_from, const EmbeddingSource& now);

// A model's embeddings. FAILED_PRECONDITION when they were not made from this dataset and the
// checkpoint that is there now; NOT_FOUND, DATA_LOSS when they are absent or damaged.
absl::StatusOr<ModelEmbeddings> ReadPresentEmbeddings(const Workspace& workspace,
                                                      const Dataset& dataset,
                                                      const std::string& model);

}  // namespace peculiar::worker
