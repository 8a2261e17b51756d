// The subcommands of peculiar. Each lives in a file of its own: options, a function that asks the
// server and returns an Answer, and the function that adds its flags to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "client/connection.h"
#include "client/output.h"
#include "core/base/status.h"

namespace peculiar::client {

// Options of every subcommand, given before or after it.
struct GlobalOptions {
  std::string server = ConnectionOptions{}.address;
  double timeout_seconds = 5;
  std::string format = "table";
  CredentialOptions credentials;
};

// What the chosen subcommand returned; stays OK when none ran.
struct CommandResult {
  absl::Status status;
};

void AddGlobalOptions(CLI::App& app, GlobalOptions& options);

// A subcommand that connects, calls `ask` and prints what it returns. `globals` and `result` must
// outlive the app.
CLI::App& AddCommand(CLI::App& app, const std::string& name, const std::string& description,
                     const GlobalOptions& globals, CommandResult& result,
                     std::function<absl::StatusOr<Answer>(Connection&)> ask);

// The flags --model and --snapshot, which are the same wherever they occur.
void AddModelOption(CLI::App& command, std::string& model);
void AddSnapshotOption(CLI::App& command, std::string& snapshot_id);

// The process's exit code for a status, as --help lists them.
int ExitCode(const absl::Status& status);

// "peculiar: MESSAGE" on one line, whatever the message holds.
std::string ErrorLine(const absl::Status& status);

}  // namespace peculiar::client
