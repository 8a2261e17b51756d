// peculiar-worker export-weights: a model's parameters as a safetensors file in Keras's layouts, to
// compare with or move to other frameworks.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/status.h"
#include "core/network/network_config.h"
#include "worker/command.h"

namespace peculiar::worker {

struct ExportWeightsOptions {
  std::filesystem::path out;
  // A trained model of a workspace ...
  std::filesystem::path workspace;
  std::string model;
  // ... or, without a workspace, the weights that a training with this seed starts from.
  NetworkConfig network;
  std::uint64_t seed = 1;
};

struct ExportWeightsReport {
  std::size_t tensors = 0;
  std::int64_t values = 0;
};

// Writes the parameters, names and layouts of core/network/parameters.h, float32, with the config
// as metadata "config". Takes no lock. INVALID_ARGUMENT for one of workspace and model alone;
// NOT_FOUND without such a model; errors of LoadCheckpoint and WriteTensorFile.
absl::StatusOr<ExportWeightsReport> RunExportWeights(const ExportWeightsOptions& options);

void AddExportWeightsCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
