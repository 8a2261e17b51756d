// peculiar show: everything known about one galaxy.
// Catalogue, quality, repeats, scores of all models side by side, shares by line.
#pragma once

#include "client/command.h"

namespace peculiar::client {

struct ShowOptions {
  std::string galaxy_id;
  bool with_map = false;  // where in the image the error lies
  std::string snapshot_id;
};

absl::StatusOr<Answer> AskShow(Connection& connection, const ShowOptions& options);

void AddShowCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result);

}  // namespace peculiar::client
