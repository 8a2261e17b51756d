#include "worker/network_choice.h"

namespace peculiar::worker {

absl::StatusOr<NetworkConfig> MakeNetworkConfig(const NetworkChoice& choice, int channels,
                                                int size) {
  PECULIAR_ASSIGN_OR_RETURN(NetworkConfig config,
                            MakePreset(choice.preset, choice.kind, channels, size));
  config.wavelength_code = choice.wavelength_code.value_or(config.wavelength_code);
  config.recurrent_activation = choice.recurrent_activation.value_or(config.recurrent_activation);
  config.cell_activation = choice.cell_activation.value_or(config.cell_activation);
  config.loss = choice.loss.value_or(config.loss);
  config.beta = choice.beta.value_or(config.beta);
  PECULIAR_RETURN_IF_ERROR(ValidateConfig(config));
  return config;
}

void AddNetworkFlags(CLI::App& app, NetworkChoice& choice) {
  app.add_option("--preset", choice.preset, "tiny, small or paper")->capture_default_str();
  AddChoice(app, "--wavelength-code", choice.wavelength_code,
            {WavelengthCode::kLearned, WavelengthCode::kNone}, WavelengthCodeName,
            "learned: a trained vector a slice tells the decoder where it is; none: the paper to "
            "the letter; default: learned");
  AddChoice(app, "--recurrent-activation", choice.recurrent_activation,
            {RecurrentActivation::kHardSigmoid, RecurrentActivation::kSigmoid},
            RecurrentActivationName, "gates of the ConvLSTMs; default: the preset's");
  AddChoice(app, "--cell-activation", choice.cell_activation,
            {CellActivation::kLinear, CellActivation::kTanh}, CellActivationName,
            "of the ConvLSTMs; default: the preset's");
  AddChoice(app, "--loss", choice.loss, {ReconstructionLoss::kMae, ReconstructionLoss::kMse},
            ReconstructionLossName, "error of a voxel; default: mae");
  app.add_option("--beta", choice.beta, "weight of the vAE's KL term; default: 1");
}

}  // namespace peculiar::worker
