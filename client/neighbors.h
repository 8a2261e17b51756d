// peculiar neighbors: the galaxies most like a given one, or nearest to a point.
// Distances are those of the server's index in the space asked for.
#pragma once

#include "client/filter_options.h"
#include "client/galaxy_ids.h"

namespace peculiar::client {

struct NeighborsOptions {
  IdOptions galaxies;       // none when `vector` is given
  std::string vector;       // file of a point's values, "-" = standard input
  int neighbor_count = 10;  // 1 to 1000
  std::string model;        // empty = the snapshot's default
  std::string space;        // empty = the server's default, "latent"
  FilterOptions filter;
  ScoreOptions score;  // of the range
  RangeOptions range;
  bool exclude_repeats = false;  // leaves out other observations of the galaxy
  std::string snapshot_id;
};

// Of several galaxies: one listing, with a first column that says whose neighbour a row is.
absl::StatusOr<Reply> AskNeighbors(Connection& connection, const NeighborsOptions& options);

void AddNeighborsCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
