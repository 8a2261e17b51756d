// peculiar status: what the server serves.
// Fails with exit code 5 when there is none, so it can be a health check.
#pragma once

#include "client/command.h"

namespace peculiar::client {

absl::StatusOr<Answer> AskStatus(Connection& connection);

void AddStatusCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
