// peculiar anomalies: the galaxies that a model reconstructs worst, as a whole or in one line.
// Pages are an affair of the wire: a user asks for as many rows as are wanted.
#pragma once

#include "client/filter_options.h"

namespace peculiar::client {

struct AnomaliesOptions {
  std::string model;  // empty = the snapshot's default
  ScoreOptions score;
  std::vector<std::string> compare;  // models whose scores stand beside
  bool ascending = false;            // least strange first
  int limit = 20;                    // 0 = all
  FilterOptions filter;
  RangeOptions range;
  std::string snapshot_id;
};

// Asks for as many pages as `limit` needs; all come from the snapshot of the first. INTERNAL when
// the pages do not fit together.
absl::StatusOr<Answer> AskAnomalies(Connection& connection, const AnomaliesOptions& options);

void AddAnomaliesCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
