// peculiar status: what the server serves.
#pragma once

#include "client/command.h"

namespace peculiar::client {

absl::StatusOr<Answer> AskStatus(Connection& connection);

void AddStatusCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result);

}  // namespace peculiar::client
