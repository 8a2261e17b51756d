#include "core/network/checkpoint.h"

#include <algorithm>
#include <map>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/network/parameters.h"

namespace peculiar {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 2;
constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kSuffix = ".safetensors";

// What checkpoint.json holds.
struct Pointer {
  std::string file;
  std::string sha256;
  CheckpointPosition position;
  Json state;
};

Json PointerToJson(const Pointer& pointer) {
  return {{"format", kFormat},
          {"file", pointer.file},
          {"sha256", pointer.sha256},
          {"epoch", pointer.position.epoch},
          {"step", pointer.position.step},
          {"total_steps", pointer.position.total_steps},
          {"state", pointer.state}};
}

bool IsTensorFileName(std::string_view name) {
  return name.starts_with(kPrefix) && name.ends_with(kSuffix) &&
         name.find('/') == std::string_view::npos;
}

absl::StatusOr<Pointer> PointerFromJson(const Json& json) {
  PECULIAR_ASSIGN_OR_RETURN(const int format, JsonField<int>(json, "format"));
  if (format != kFormat) return DataLoss("format {}, expected {}", format, kFormat);
  Pointer pointer;
  PECULIAR_ASSIGN_OR_RETURN(pointer.file, JsonField<std::string>(json, "file"));
  if (!IsTensorFileName(pointer.file)) {
    return DataLoss("file '{}' is no name of a checkpoint's tensors", pointer.file);
  }
  PECULIAR_ASSIGN_OR_RETURN(pointer.sha256, JsonField<std::string>(json, "sha256"));
  CheckpointPosition& position = pointer.position;
  PECULIAR_ASSIGN_OR_RETURN(position.epoch, JsonField<std::int64_t>(json, "epoch"));
  PECULIAR_ASSIGN_OR_RETURN(position.step, JsonField<std::int64_t>(json, "step"));
  PECULIAR_ASSIGN_OR_RETURN(position.total_steps, JsonField<std::int64_t>(json, "total_steps"));
  if (position.epoch < 0 || position.step < 0 || position.total_steps < 0) {
    return DataLoss("a negative position");
  }
  PECULIAR_ASSIGN_OR_RETURN(pointer.state, JsonField<Json>(json, "state"));
  return pointer;
}

// NOT_FOUND when the folder has no checkpoint.
absl::StatusOr<Pointer> ReadPointer(const fs::path& folder) {
  const fs::path path = folder / kCheckpointFile;
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  auto pointer = PointerFromJson(json);
  if (!pointer.ok()) return Annotate(pointer.status(), path.string());
  return pointer;
}

// All parameters are there, as float32 of the config's shapes; other tensors may be there too.
absl::Status CheckParameters(const NetworkConfig& config, std::span<const NamedTensor> tensors) {
  std::map<std::string_view, const NamedTensor*> by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  for (const ParameterSpec& spec : ParameterSpecs(config)) {
    const auto found = by_name.find(spec.name);
    if (found == by_name.end()) return InvalidArgument("parameter '{}' is missing", spec.name);
    const NamedTensor& tensor = *found->second;
    if (tensor.dtype != DType::kF32 || tensor.shape != spec.shape) {
      return InvalidArgument("parameter '{}' is {} of shape {}, expected F32 of {}", spec.name,
                             DTypeName(tensor.dtype), ShapeText(tensor.shape),
                             ShapeText(spec.shape));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteConfigOnce(const fs::path& folder, const NetworkConfig& config) {
  const auto present = ReadConfig(folder);
  if (present.status().code() == absl::StatusCode::kNotFound) {
    return WriteJson(folder / kConfigFile, ConfigToJson(config));
  }
  PECULIAR_RETURN_IF_ERROR(present.status());
  if (*present == config) return absl::OkStatus();
  return FailedPrecondition("cannot save a checkpoint in {}: it holds another network ({})",
                            folder.string(), ConfigToJson(*present).dump());
}

// A name that the checkpoint in place does not use, so that it stays whole until it is replaced.
std::string FreeTensorFileName(const fs::path& folder, const CheckpointPosition& position) {
  const std::string name = CheckpointTensorFileName(position);
  const auto present = ReadPointer(folder);
  if (!present.ok() || present->file != name) return name;
  return name.substr(0, name.size() - kSuffix.size()) + "-again" + std::string(kSuffix);
}

// Earlier checkpoints, and what a killed save left. Best effort: what cannot be removed now goes at
// the next save.
void RemoveOthers(const fs::path& folder, const std::string& keep) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool leftover = IsTemporaryName(entry.path()) && name.find(kPrefix) == 1;
    if (leftover || (IsTensorFileName(name) && name != keep)) fs::remove(entry.path(), ignored);
  }
}

}  // namespace

std::string CheckpointTensorFileName(const CheckpointPosition& position) {
  return fmt::format("{}{:05}-{:06}{}", kPrefix, position.epoch, position.step, kSuffix);
}

absl::Status SaveCheckpoint(const fs::path& model_folder, const NetworkConfig& config,
                            const CheckpointPosition& position, const Json& state,
                            std::span<const NamedTensor> tensors) {
  PECULIAR_RETURN_IF_ERROR(ValidateConfig(config));
  PECULIAR_RETURN_IF_ERROR(Annotate(CheckParameters(config, tensors), "cannot save a checkpoint"));
  if (!state.is_object() || position.epoch < 0 || position.step < 0 || position.total_steps < 0) {
    return InvalidArgument(
        "cannot save a checkpoint: expected a position from 0 and a JSON object as state");
  }
  PECULIAR_RETURN_IF_ERROR(CreateFolder(model_folder));
  PECULIAR_RETURN_IF_ERROR(WriteConfigOnce(model_folder, config));
  Pointer pointer = {FreeTensorFileName(model_folder, position), "", position, state};
  PECULIAR_ASSIGN_OR_RETURN(pointer.sha256,
                            WriteTensorFile(model_folder / pointer.file, tensors,
                                            {{"kind", std::string(ModelKindName(config.kind))},
                                             {"preset", config.preset}}));
  PECULIAR_RETURN_IF_ERROR(WriteJson(model_folder / kCheckpointFile, PointerToJson(pointer)));
  RemoveOthers(model_folder, pointer.file);
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> LoadCheckpoint(const fs::path& model_folder) {
  const auto pointer = ReadPointer(model_folder);
  if (pointer.status().code() == absl::StatusCode::kNotFound) {
    return NotFound("model folder {} holds no checkpoint", model_folder.string());
  }
  PECULIAR_RETURN_IF_ERROR(pointer.status());
  // From here on a missing file is damage.
  const auto as_damage = [&](const absl::Status& status) {
    return status.code() == absl::StatusCode::kNotFound ? DataLoss("{}", MessageOf(status))
                                                        : status;
  };
  const fs::path path = model_folder / pointer->file;
  const auto config = ReadConfig(model_folder);
  if (!config.ok()) return as_damage(config.status());
  const auto digest = Sha256OfFile(path);
  if (!digest.ok()) return as_damage(digest.status());
  if (*digest != pointer->sha256) {
    return DataLoss("checkpoint {} has the SHA-256 {}, expected {}", path.string(), *digest,
                    pointer->sha256);
  }
  auto tensors = TensorFile::Open(path);
  if (!tensors.ok()) return as_damage(tensors.status());
  if (const auto check = CheckParameters(*config, tensors->tensors()); !check.ok()) {
    return DataLoss("checkpoint {}: {}", path.string(), MessageOf(check));
  }
  return Checkpoint{*config, pointer->position, pointer->state, pointer->sha256,
                    *std::move(tensors)};
}

absl::StatusOr<NetworkConfig> ReadConfig(const fs::path& model_folder) {
  const fs::path path = model_folder / kConfigFile;
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  auto config = ConfigFromJson(json);
  if (!config.ok()) return DataLoss("{}: {}", path.string(), MessageOf(config.status()));
  return config;
}

}  // namespace peculiar
