// The verbs of peculiar-worker. Each verb lives in a file of its own: options, a function that runs
// it, and the function here that adds its flags to the command line and stores what running it
// returned.
#pragma once

#include <CLI/CLI.hpp>

#include "core/base/status.h"

namespace peculiar::worker {

// What the chosen verb returned; stays OK when none ran.
struct CommandResult {
  absl::Status status;
};

// The process's exit code for a status: 0 ok, 1 internal, 2 usage, 3 not found, 4 refused (data,
// state, space), 5 try again.
int ExitCode(const absl::Status& status);

}  // namespace peculiar::worker
