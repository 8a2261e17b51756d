// peculiar-worker snapshots: lists what has been published.
// Only looks at manifests; digests are checked by rollback and by the server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/command.h"

namespace peculiar::worker {

struct SnapshotsOptions {
  std::filesystem::path workspace;
};

struct SnapshotRow {
  std::string id;
  bool current = false;
  std::string created;  // "2026-01-02T03:04:05Z"
  std::int64_t galaxies = 0;
  std::vector<std::string> models;  // the default first
  std::uint64_t bytes = 0;          // of its files, as the manifest has them
  std::string problem;              // why its manifest cannot be read; the rest is then empty
};

struct SnapshotsReport {
  std::vector<SnapshotRow> rows;  // oldest first
  std::string problem;            // when there are snapshots, but CURRENT names none of them
};

// Reads manifests only; takes no lock.
absl::StatusOr<SnapshotsReport> RunSnapshots(const SnapshotsOptions& options);

void AddSnapshotsCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
