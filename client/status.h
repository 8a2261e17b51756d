// peculiar status: what the server serves.
// With --health only whether it does, which is for probes: exit code 4 when it does not, 5 when
// there is no server.
#pragma once

#include "client/command.h"

namespace peculiar::client {

absl::StatusOr<Answer> AskStatus(Connection& connection);
absl::StatusOr<Answer> AskHealth(Connection& connection);

void AddStatusCommand(CLI::App& app, ChosenCommand& chosen);

}  // namespace peculiar::client
