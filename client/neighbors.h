// peculiar neighbors: the galaxies most like a given one.
// Distances are those of the server's index in the space asked for.
#pragma once

#include "client/command.h"

namespace peculiar::client {

struct NeighborsOptions {
  std::string galaxy_id;
  int neighbor_count = 10;  // 1 to 1000
  std::string model;        // empty = the snapshot's default
  std::string space;        // empty = the server's default, "latent"
  std::string snapshot_id;
};

absl::StatusOr<Answer> AskNeighbors(Connection& connection, const NeighborsOptions& options);

void AddNeighborsCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result);

}  // namespace peculiar::client
