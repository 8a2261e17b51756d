// peculiar anomalies: the galaxies that a model reconstructs worst.
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
