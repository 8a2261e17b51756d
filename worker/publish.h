// peculiar-worker publish: makes a snapshot of the dataset and the models' embeddings and points
// CURRENT at it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/command.h"

namespace peculiar::worker {

struct PublishVerbOptions {
  std::filesystem::path workspace;
  std::vector<std::string> models;  // empty = all that have embeddings
  std::string default_model;        // empty = the first of `models`, or the first by name
  std::string survey_release;       // kept in the manifest, for example "DR17 v3_1_1"
  int threads = 0;                  // 0 = all cores; the snapshot does not depend on it
};

struct PublishVerbReport {
  std::string id;
  bool unchanged = false;  // the current snapshot was already this
  std::size_t galaxies = 0;
  std::size_t excluded = 0;
  std::size_t not_finite = 0;               // of them, left out because a model cannot place them
  std::vector<std::string> models;          // published, the default first
  std::vector<std::string> skipped;         // without embeddings; only when no models were named
  std::vector<std::string> with_relevance;  // of them: with what feedback learned
  std::vector<std::string> latent_only;  // published without coordinates: in the space latent alone
  std::size_t tags = 0;                  // named sets of galaxies, with W/tags
};

// Holds the workspace's lock. NOT_FOUND without a dataset, or when a named model, or every model,
// has no embeddings; FAILED_PRECONDITION when embeddings or coordinates were made from another
// dataset, checkpoint or (the latter) embeddings than the present ones, naming the verb to run
// again, and when a tag has a galaxy that is unknown to the dataset, naming both; DATA_LOSS when no
// galaxy has a finite embedding; errors of PublishSnapshot. Coordinates that a model does not have
// are left out: latent_only. A galaxy of a tag that is known but not in the sample stays with the
// tag, apart from those that are (CatalogTag::excluded).
absl::StatusOr<PublishVerbReport> RunPublish(const PublishVerbOptions& options);

void AddPublishCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
