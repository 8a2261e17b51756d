// peculiar embedding: the coordinates of galaxies in a space, by default their latent vectors.
// Values are float32 and are printed so that they read back to the same bits.
#pragma once

#include "client/galaxy_ids.h"

namespace peculiar::client {

struct EmbeddingOptions {
  IdOptions galaxies;
  std::string model;  // empty = the snapshot's default
  std::string space;  // empty = "latent"
  std::string snapshot_id;
};

// All from one snapshot, in the order of the ids.
absl::StatusOr<Reply> AskEmbedding(Connection& connection, const EmbeddingOptions& options);

void AddEmbeddingCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
