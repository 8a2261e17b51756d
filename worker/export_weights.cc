#include "worker/export_weights.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "core/network/checkpoint.h"
#include "core/network/first_weights.h"
#include "core/network/parameters.h"
#include "core/weights/tensor_file.h"
#include "worker/network_choice.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

absl::StatusOr<ExportWeightsReport> Write(const std::filesystem::path& path,
                                          const NetworkConfig& config,
                                          std::span<const NamedTensor> tensors) {
  const TensorMetadata metadata = {{"config", ConfigToJson(config).dump()}};
  PECULIAR_RETURN_IF_ERROR(WriteTensorFile(path, tensors, metadata).status());
  ExportWeightsReport report;
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    report.tensors += 1;
    report.values += spec.count();
  }
  return report;
}

absl::StatusOr<ExportWeightsReport> WriteModel(const ExportWeightsOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace,
                            Workspace::Open(options.workspace, WorkspaceAccess::kRead));
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.ModelFolder(options.model));
  PECULIAR_ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(folder));
  std::vector<NamedTensor> tensors;  // without the optimiser's
  for (const ParameterSpec& spec : ParameterSpecs(checkpoint.config)) {
    PECULIAR_ASSIGN_OR_RETURN(NamedTensor tensor, checkpoint.tensors.Find(spec.name));
    tensors.push_back(std::move(tensor));
  }
  return Write(options.out, checkpoint.config, tensors);
}

struct Flags {
  ExportWeightsOptions options;
  NetworkChoice network;
  int channels = 190;
  int size = 32;
};

// Flags of a new network say nothing about a trained one.
absl::Status CheckFlags(const CLI::App& verb) {
  const bool trained = verb.count("--model") > 0;
  if (trained == (verb.count("--kind") > 0)) {
    return InvalidArgument("export-weights needs either --workspace and --model, or --kind");
  }
  if (!trained) return absl::OkStatus();
  for (const CLI::Option* option : verb.get_options()) {
    const std::string name = option->get_name();
    if (option->empty() || name == "--out" || name == "--workspace" || name == "--model") continue;
    return InvalidArgument("{} is of a new network and does not go with --model", name);
  }
  return absl::OkStatus();
}

absl::StatusOr<ExportWeightsReport> RunFlags(const CLI::App& verb, Flags& flags) {
  PECULIAR_RETURN_IF_ERROR(CheckFlags(verb));
  if (flags.options.model.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(flags.options.network,
                              MakeNetworkConfig(flags.network, flags.channels, flags.size));
  }
  return RunExportWeights(flags.options);
}

}  // namespace

absl::StatusOr<ExportWeightsReport> RunExportWeights(const ExportWeightsOptions& options) {
  if (options.workspace.empty() != options.model.empty()) {
    return InvalidArgument("a workspace and a model go together");
  }
  if (!options.model.empty()) return WriteModel(options);
  const FirstWeights weights(options.network, options.seed);
  return Write(options.out, options.network, weights.tensors());
}

void AddExportWeightsCommand(CLI::App& app, CommandResult& result) {
  CLI::App* verb = app.add_subcommand(
      "export-weights",
      "Write a model's parameters as safetensors in Keras's layouts: those of --workspace and "
      "--model, or the first ones of a new network of --kind and --preset");
  const auto flags = std::make_shared<Flags>();
  ExportWeightsOptions& options = flags->options;
  verb->add_option("--out", options.out, "the file to write")->required();
  CLI::Option* workspace = verb->add_option("--workspace", options.workspace, "the workspace");
  workspace->needs(verb->add_option("--model", options.model, "name of the model"));
  AddKindFlag(*verb, "--kind", flags->network.kind, "of a new network: autoencoder or variational");
  AddNetworkFlags(*verb, flags->network);
  verb->add_option("--seed", options.seed, "of a new network")->capture_default_str();
  verb->add_option("--channels", flags->channels, "of a new network")->capture_default_str();
  verb->add_option("--size", flags->size, "spaxels a side of a new network")->capture_default_str();
  verb->callback([flags, verb, &result] {
    const absl::StatusOr<ExportWeightsReport> report = RunFlags(*verb, *flags);
    result.status = report.status();
    if (!report.ok()) return;
    fmt::print("{}: {} tensors, {} values\n", flags->options.out.string(), report->tensors,
               report->values);
  });
}

}  // namespace peculiar::worker
