// peculiar show: everything known about one galaxy, or each of several.
// Catalogue, quality, repeats, scores of all models side by side, shares by line.
#pragma once

#include "client/galaxy_ids.h"

namespace peculiar::client {

struct ShowOptions {
  IdOptions galaxies;
  bool with_map = false;  // where in the image the error lies
  std::string snapshot_id;
};

// A record for one galaxy; Records for several, all from one snapshot.
absl::StatusOr<Reply> AskShow(Connection& connection, const ShowOptions& options);

void AddShowCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
