// Every choice that shapes a network: one struct, its presets and its JSON (config.json of a
// model). Two networks with equal configs have the same parameters. Source: paper section 3; where
// the paper is silent the default is ours and the reason stands beside it. Free of LibTorch.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"

namespace peculiar {

enum class ModelKind { kAe, kVae };
enum class RecurrentActivation { kHardSigmoid, kSigmoid };
enum class CellActivation { kLinear, kTanh };
enum class WavelengthCode { kLearned, kNone };
enum class ReconstructionLoss { kMae, kMse };

// The names below are those of config.json and of flags. Parsing an unknown one is INVALID_ARGUMENT
// naming the known ones.

std::string_view ModelKindName(ModelKind kind);  // "ae", "vae"
absl::StatusOr<ModelKind> ParseModelKind(std::string_view name);

std::string_view RecurrentActivationName(
    RecurrentActivation activation);  // "hard_sigmoid", "sigmoid"
absl::StatusOr<RecurrentActivation> ParseRecurrentActivation(std::string_view name);

std::string_view CellActivationName(CellActivation activation);  // "linear", "tanh"
absl::StatusOr<CellActivation> ParseCellActivation(std::string_view name);

std::string_view WavelengthCodeName(WavelengthCode code);  // "learned", "none"
absl::StatusOr<WavelengthCode> ParseWavelengthCode(std::string_view name);

std::string_view ReconstructionLossName(ReconstructionLoss loss);  // "mae", "mse"
absl::StatusOr<ReconstructionLoss> ParseReconstructionLoss(std::string_view name);

struct NetworkConfig {
  ModelKind kind = ModelKind::kAe;
  std::string preset = "paper";  // where the numbers came from; a label, free text
  int channels = 190;            // 19 lines x 10 pixels
  int size = 32;                 // spaxels along x and y; a multiple of 8 (three halvings)

  // Two Conv2D-lambda blocks of `convs_per_block` convolutions; the paper gives no widths.
  std::array<int, 2> conv_channels = {16, 16};
  int convs_per_block = 2;                         // "a series of Conv2D" is at least two
  std::array<int, 3> lstm_channels = {32, 32, 8};  // the last one times (size/8)^2 is flattened
  int fc_width = 512;                              // first and third dense layer of the AE
  int latent = 128;                                // values of Z
  std::array<int, 3> decoder_channels = {32, 32, 16};

  // TensorFlow's default gate up to 2.14, which the paper's authors most likely had.
  RecurrentActivation recurrent_activation = RecurrentActivation::kHardSigmoid;
  // Keras's default. The paper's "linear activation" read to the letter lets the state grow over
  // 190 steps until gradients overflow: such a network cannot be trained (docs/adr).
  CellActivation cell_activation = CellActivation::kTanh;
  // `none` is the literal reading of the paper: Z repeated over the slices, whose reconstructions
  // are then all the same. See docs/adr.
  WavelengthCode wavelength_code = WavelengthCode::kLearned;

  ReconstructionLoss loss = ReconstructionLoss::kMae;  // the score of the paper is an MAE too
  double beta = 1;  // weight of the KL term of the vAE; 1 = the evidence lower bound

  // Extent of the last ConvLSTM's state along y and x.
  int grid() const { return size / 8; }
  // Values in that state, and of the decoder's code of one slice: grid x grid x lstm_channels[2].
  int flat() const { return grid() * grid() * lstm_channels[2]; }

  bool operator==(const NetworkConfig&) const = default;
};

// "paper", "small", "tiny".
const std::vector<std::string>& PresetNames();

// paper: the defaults of NetworkConfig. small: the same network, narrower, a tenth of the
// arithmetic: the CPU default. tiny: for tests. INVALID_ARGUMENT for an unknown preset (the known
// ones are named) or a config that ValidateConfig refuses.
absl::StatusOr<NetworkConfig> MakePreset(std::string_view preset, ModelKind kind,
                                         int channels = 190, int size = 32);

// INVALID_ARGUMENT naming the field, its value and what is allowed.
absl::Status ValidateConfig(const NetworkConfig& config);

Json ConfigToJson(const NetworkConfig& config);
// Strict: every field must be there, unknown fields are refused, the result is validated. DATA_LOSS
// for a wrong field, INVALID_ARGUMENT for a value that ValidateConfig refuses.
absl::StatusOr<NetworkConfig> ConfigFromJson(const Json& json);

}  // namespace peculiar
