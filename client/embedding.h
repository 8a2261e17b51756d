// peculiar embedding: the coordinates of galaxies in a space, by default their latent vectors.
// Values are float32 and are printed so that they read back to the same bits.
#pragma once

#include "client/command.h"

namespace peculiar::client {

struct EmbeddingOptions {
  std::vector<std::string> galaxy_ids;  // at least one
  std::string model;                    // empty = the snapshot's default
  std::string space;                    // empty = "latent"
  std::string snapshot_id;
};

// All from one snapshot. One that is not there fails the whole: no answer is half an answer.
absl::StatusOr<Answer> AskEmbedding(Connection& connection, const EmbeddingOptions& options);

void AddEmbeddingCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result);

}  // namespace peculiar::client
