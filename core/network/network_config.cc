#include "core/network/network_config.h"

#include <cmath>
#include <span>
#include <utility>

namespace peculiar {
namespace {

template <typename E>
using NameTable = std::span<const std::pair<E, std::string_view>>;

constexpr std::pair<ModelKind, std::string_view> kKinds[] = {{ModelKind::kAe, "ae"},
                                                             {ModelKind::kVae, "vae"}};
constexpr std::pair<RecurrentActivation, std::string_view> kRecurrentActivations[] = {
    {RecurrentActivation::kHardSigmoid, "hard_sigmoid"},
    {RecurrentActivation::kSigmoid, "sigmoid"}};
constexpr std::pair<CellActivation, std::string_view> kCellActivations[] = {
    {CellActivation::kLinear, "linear"}, {CellActivation::kTanh, "tanh"}};
constexpr std::pair<WavelengthCode, std::string_view> kWavelengthCodes[] = {
    {WavelengthCode::kLearned, "learned"}, {WavelengthCode::kNone, "none"}};
constexpr std::pair<ReconstructionLoss, std::string_view> kLosses[] = {
    {ReconstructionLoss::kMae, "mae"}, {ReconstructionLoss::kMse, "mse"}};

template <typename E>
std::string_view NameOf(NameTable<E> table, E value) {
  for (const auto& [known, name] : table)
    if (known == value) return name;
  return "unknown";
}

template <typename E>
absl::StatusOr<E> ParseName(NameTable<E> table, std::string_view what, std::string_view name) {
  std::string known;
  for (const auto& [value, text] : table) {
    if (text == name) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", text);
  }
  return InvalidArgument("unknown {} '{}', expected one of: {}", what, name, known);
}

constexpr int kMaxWidth = 4096;                // channels of a layer: far above any use
constexpr std::int64_t kMaxWeights = 1 << 28;  // of one dense layer or code: 1 GiB of float32

absl::Status CheckRange(std::string_view field, std::int64_t value, std::int64_t low,
                        std::int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return InvalidArgument("network config: {} is {}, allowed are {} to {}", field, value, low, high);
}

absl::Status CheckWidths(std::string_view field, std::span<const int> widths) {
  for (const int width : widths) PECULIAR_RETURN_IF_ERROR(CheckRange(field, width, 1, kMaxWidth));
  return absl::OkStatus();
}

template <std::size_t N>
absl::StatusOr<std::array<int, N>> IntegersField(const Json& json, std::string_view key) {
  PECULIAR_ASSIGN_OR_RETURN(const auto values, JsonField<std::vector<std::int64_t>>(json, key));
  std::array<int, N> result{};
  if (values.size() != N) {
    return DataLoss("field '{}' has {} numbers, expected {}", key, values.size(), N);
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (!std::in_range<int>(values[i])) return DataLoss("field '{}' holds {}", key, values[i]);
    result[i] = static_cast<int>(values[i]);
  }
  return result;
}

absl::StatusOr<int> IntegerField(const Json& json, std::string_view key) {
  PECULIAR_ASSIGN_OR_RETURN(const auto value, JsonField<std::int64_t>(json, key));
  if (!std::in_range<int>(value)) return DataLoss("field '{}' holds {}", key, value);
  return static_cast<int>(value);
}

template <typename E>
absl::StatusOr<E> NameField(const Json& json, std::string_view key, NameTable<E> table) {
  PECULIAR_ASSIGN_OR_RETURN(const auto name, JsonField<std::string>(json, key));
  auto value = ParseName(table, key, name);
  if (!value.ok()) return DataLoss("{}", MessageOf(value.status()));
  return value;
}

absl::Status RefuseUnknownFields(const Json& json) {
  const Json known = ConfigToJson({});
  for (const auto& [key, value] : json.items()) {
    if (!known.contains(key)) return DataLoss("unknown field '{}'", key);
  }
  return absl::OkStatus();
}

absl::StatusOr<NetworkConfig> ReadFields(const Json& json) {
  NetworkConfig config;
  PECULIAR_ASSIGN_OR_RETURN(config.kind, NameField<ModelKind>(json, "kind", kKinds));
  PECULIAR_ASSIGN_OR_RETURN(config.preset, JsonField<std::string>(json, "preset"));
  PECULIAR_ASSIGN_OR_RETURN(config.channels, IntegerField(json, "channels"));
  PECULIAR_ASSIGN_OR_RETURN(config.size, IntegerField(json, "size"));
  PECULIAR_ASSIGN_OR_RETURN(config.conv_channels, IntegersField<2>(json, "conv_channels"));
  PECULIAR_ASSIGN_OR_RETURN(config.convs_per_block, IntegerField(json, "convs_per_block"));
  PECULIAR_ASSIGN_OR_RETURN(config.lstm_channels, IntegersField<3>(json, "lstm_channels"));
  PECULIAR_ASSIGN_OR_RETURN(config.fc_width, IntegerField(json, "fc_width"));
  PECULIAR_ASSIGN_OR_RETURN(config.latent, IntegerField(json, "latent"));
  PECULIAR_ASSIGN_OR_RETURN(config.decoder_channels, IntegersField<3>(json, "decoder_channels"));
  PECULIAR_ASSIGN_OR_RETURN(
      config.recurrent_activation,
      NameField<RecurrentActivation>(json, "recurrent_activation", kRecurrentActivations));
  PECULIAR_ASSIGN_OR_RETURN(config.cell_activation,
                            NameField<CellActivation>(json, "cell_activation", kCellActivations));
  PECULIAR_ASSIGN_OR_RETURN(config.wavelength_code,
                            NameField<WavelengthCode>(json, "wavelength_code", kWavelengthCodes));
  PECULIAR_ASSIGN_OR_RETURN(config.loss, NameField<ReconstructionLoss>(json, "loss", kLosses));
  PECULIAR_ASSIGN_OR_RETURN(config.beta, JsonField<double>(json, "beta"));
  return config;
}

}  // namespace

std::string_view ModelKindName(ModelKind kind) { return NameOf<ModelKind>(kKinds, kind); }
absl::StatusOr<ModelKind> ParseModelKind(std::string_view name) {
  return ParseName<ModelKind>(kKinds, "model kind", name);
}

std::string_view RecurrentActivationName(RecurrentActivation activation) {
  return NameOf<RecurrentActivation>(kRecurrentActivations, activation);
}
absl::StatusOr<RecurrentActivation> ParseRecurrentActivation(std::string_view name) {
  return ParseName<RecurrentActivation>(kRecurrentActivations, "recurrent activation", name);
}

std::string_view CellActivationName(CellActivation activation) {
  return NameOf<CellActivation>(kCellActivations, activation);
}
absl::StatusOr<CellActivation> ParseCellActivation(std::string_view name) {
  return ParseName<CellActivation>(kCellActivations, "cell activation", name);
}

std::string_view WavelengthCodeName(WavelengthCode code) {
  return NameOf<WavelengthCode>(kWavelengthCodes, code);
}
absl::StatusOr<WavelengthCode> ParseWavelengthCode(std::string_view name) {
  return ParseName<WavelengthCode>(kWavelengthCodes, "wavelength code", name);
}

std::string_view ReconstructionLossName(ReconstructionLoss loss) {
  return NameOf<ReconstructionLoss>(kLosses, loss);
}
absl::StatusOr<ReconstructionLoss> ParseReconstructionLoss(std::string_view name) {
  return ParseName<ReconstructionLoss>(kLosses, "reconstruction loss", name);
}

const std::vector<std::string>& PresetNames() {
  static const std::vector<std::string> names = {"paper", "small", "tiny"};
  return names;
}

absl::StatusOr<NetworkConfig> MakePreset(std::string_view preset, ModelKind kind, int channels,
                                         int size) {
  NetworkConfig config;  // the defaults are `paper`
  if (preset == "small") {
    config.conv_channels = {4, 4};
    config.convs_per_block = 1;
    config.lstm_channels = {8, 8, 8};
    config.fc_width = 128;
    config.latent = 32;
    config.decoder_channels = {8, 16, 16};
  } else if (preset == "tiny") {
    config.conv_channels = {4, 4};
    config.convs_per_block = 1;
    config.lstm_channels = {4, 4, 4};
    config.fc_width = 32;
    config.latent = 16;
    config.decoder_channels = {4, 4, 4};
  } else if (preset != "paper") {
    return InvalidArgument("unknown preset '{}', expected one of: {}", preset,
                           fmt::join(PresetNames(), ", "));
  }
  config.preset = preset;
  config.kind = kind;
  config.channels = channels;
  config.size = size;
  PECULIAR_RETURN_IF_ERROR(ValidateConfig(config));
  return config;
}

absl::Status ValidateConfig(const NetworkConfig& config) {
  PECULIAR_RETURN_IF_ERROR(CheckRange("channels", config.channels, 1, 1 << 16));
  PECULIAR_RETURN_IF_ERROR(CheckRange("size", config.size, 8, 1024));
  if (config.size % 8 != 0) {
    return InvalidArgument(
        "network config: size is {}, expected a multiple of 8: three layers halve it", config.size);
  }
  PECULIAR_RETURN_IF_ERROR(CheckWidths("conv_channels", config.conv_channels));
  PECULIAR_RETURN_IF_ERROR(CheckRange("convs_per_block", config.convs_per_block, 1, 16));
  PECULIAR_RETURN_IF_ERROR(CheckWidths("lstm_channels", config.lstm_channels));
  PECULIAR_RETURN_IF_ERROR(CheckRange("fc_width", config.fc_width, 1, 1 << 16));
  PECULIAR_RETURN_IF_ERROR(CheckRange("latent", config.latent, 1, 1 << 16));
  PECULIAR_RETURN_IF_ERROR(CheckWidths("decoder_channels", config.decoder_channels));
  const std::int64_t flat = config.flat();
  PECULIAR_RETURN_IF_ERROR(
      CheckRange("weights from the grid to fc_width", flat * config.fc_width, 1, kMaxWeights));
  PECULIAR_RETURN_IF_ERROR(
      CheckRange("weights from the grid to latent", flat * config.latent, 1, kMaxWeights));
  PECULIAR_RETURN_IF_ERROR(
      CheckRange("values of the wavelength code", flat * config.channels, 1, kMaxWeights));
  if (!std::isfinite(config.beta) || config.beta < 0) {
    return InvalidArgument("network config: beta is {}, expected a number of at least 0",
                           config.beta);
  }
  return absl::OkStatus();
}

Json ConfigToJson(const NetworkConfig& config) {
  return {{"kind", ModelKindName(config.kind)},
          {"preset", config.preset},
          {"channels", config.channels},
          {"size", config.size},
          {"conv_channels", config.conv_channels},
          {"convs_per_block", config.convs_per_block},
          {"lstm_channels", config.lstm_channels},
          {"fc_width", config.fc_width},
          {"latent", config.latent},
          {"decoder_channels", config.decoder_channels},
          {"recurrent_activation", RecurrentActivationName(config.recurrent_activation)},
          {"cell_activation", CellActivationName(config.cell_activation)},
          {"wavelength_code", WavelengthCodeName(config.wavelength_code)},
          {"loss", ReconstructionLossName(config.loss)},
          {"beta", config.beta}};
}

absl::StatusOr<NetworkConfig> ConfigFromJson(const Json& json) {
  if (!json.is_object()) return DataLoss("network config: not a JSON object");
  PECULIAR_RETURN_IF_ERROR(Annotate(RefuseUnknownFields(json), "network config"));
  auto config = ReadFields(json);
  if (!config.ok()) return Annotate(config.status(), "network config");
  PECULIAR_RETURN_IF_ERROR(ValidateConfig(*config));
  return config;
}

}  // namespace peculiar
