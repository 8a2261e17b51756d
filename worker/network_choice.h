// The network that a command line asks for: a preset and changes to it. Shared by the verbs that
// make a network.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/network/network_config.h"
#include "worker/command.h"

namespace peculiar::worker {

// The words of --kind and --models.
inline const std::map<std::string, ModelKind> kModelKinds = {{"ae", ModelKind::kAe},
                                                             {"vae", ModelKind::kVae}};

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

// Adds a flag for each but the kind.
void AddNetworkFlags(CLI::App& app, NetworkChoice& choice);

}  // namespace peculiar::worker
