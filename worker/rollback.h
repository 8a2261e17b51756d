// peculiar-worker rollback: points CURRENT at an earlier snapshot, after opening it fully.
// The server notices the change by itself, as after a publish.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/status.h"
#include "worker/command.h"

namespace peculiar::worker {

struct RollbackOptions {
  std::filesystem::path workspace;
  std::string to;  // id; empty = the newest before the current one
};

struct RollbackReport {
  std::string from;  // what CURRENT named; empty when nothing that can be read
  std::string to;
};

// Holds the workspace's lock. INVALID_ARGUMENT when `to` is not an id; NOT_FOUND when there is no
// such snapshot, or none before the current one; FAILED_PRECONDITION when `to` is empty and there
// is no readable CURRENT; DATA_LOSS when the target is damaged: CURRENT is then left as it was.
absl::StatusOr<RollbackReport> RunRollback(const RollbackOptions& options);

void AddRollbackCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
