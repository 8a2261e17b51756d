// The network that a command line asks for: a preset and changes to it. Shared by the verbs that
// make a network.
#pragma once

#include <optional>
#include <string>

#include "core/network/network_config.h"
#include "worker/choice.h"

namespace peculiar::worker {

struct NetworkChoice {
  ModelKind kind = ModelKind::kAe;
  std::string preset = "small";
  // Changes to the preset; absent = as it has it.
  std::optional<WavelengthCode> wavelength_code;
  std::optional<RecurrentActivation> recurrent_activation;
  std::optional<CellActivation> cell_activation;
  std::optional<ReconstructionLoss> loss;
  std::optional<double> beta;
};

// For cubes of `channels` of `size` x `size`. Errors of MakePreset and ValidateConfig.
absl::StatusOr<NetworkConfig> MakeNetworkConfig(const NetworkChoice& choice, int channels,
                                                int size);

// Adds `flag` (--kind, --models), which takes the names of kinds into a ModelKind or a vector of
// it.
template <typename Target>
CLI::Option* AddKindFlag(CLI::App& app, const std::string& flag, Target& target,
                         const std::string& help) {
  return AddChoice(app, flag, target, {ModelKind::kAe, ModelKind::kVae}, ModelKindName, help);
}

// Adds a flag for each but the kind.
void AddNetworkFlags(CLI::App& app, NetworkChoice& choice);

}  // namespace peculiar::worker
