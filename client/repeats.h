// peculiar repeats: how near the observations of one object lie, a measure of how much of an
// embedding is the galaxy and how much the observation.
#pragma once

#include "client/command.h"

namespace peculiar::client {

struct RepeatsOptions {
  std::string model;  // empty = the snapshot's default
  std::string snapshot_id;
};

// Asks for all pages, which come from the snapshot of the first.
absl::StatusOr<Answer> AskRepeats(Connection& connection, const RepeatsOptions& options);

void AddRepeatsCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
