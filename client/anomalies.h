// peculiar anomalies: the galaxies that a model reconstructs worst.
// Pages are an affair of the wire: a user asks for as many rows as are wanted.
#pragma once

#include "client/command.h"

namespace peculiar::client {

struct AnomaliesOptions {
  std::string model;  // empty = the snapshot's default
  std::string score = "mae";
  int limit = 20;  // 0 = all
  std::string snapshot_id;
};

// Asks for as many pages as `limit` needs; all come from the snapshot of the first. INTERNAL when
// the pages do not fit together.
absl::StatusOr<Answer> AskAnomalies(Connection& connection, const AnomaliesOptions& options);

void AddAnomaliesCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result);

}  // namespace peculiar::client
