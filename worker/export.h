// peculiar-worker export: the arrays of one galaxy as .npy files, for scripts and for checking
// every figure by hand.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/command.h"

namespace peculiar::worker {

struct ExportOptions {
  std::filesystem::path workspace;
  std::string plateifu;  // a `manga-` prefix is taken off
  std::string prefix;    // of the files
  std::string model;     // empty: no model's arrays
};

struct ExportReport {
  std::vector<std::filesystem::path> files;
};

// Writes PREFIX-flux.npy, -ivar.npy (float32) and -mask.npy (bool), each [channels][y][x]; with a
// model also -reconstruction.npy, the same shape, and -embedding.npy, [d], float32. Reads beside a
// writer: takes no lock. INVALID_ARGUMENT for a malformed plate-IFU; NOT_FOUND when the galaxy is
// not in the dataset, with the reason kept for it, or there is no such model; FAILED_PRECONDITION
// when the model takes cubes of another shape.
absl::StatusOr<ExportReport> RunExport(const ExportOptions& options);

void AddExportCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
