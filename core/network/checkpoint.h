// The saved state of a training run: config.json (written once),
// checkpoint-EEEEE-SSSSSS.safetensors (parameters by the names of parameters.h, and whatever else
// the trainer adds) and checkpoint.json, which names that file with its SHA-256. checkpoint.json is
// replaced last and atomically, so a folder always holds one whole checkpoint. Free of LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/json.h"
#include "core/network/network_config.h"
#include "core/weights/tensor_file.h"

namespace peculiar {

inline constexpr std::string_view kConfigFile = "config.json";
inline constexpr std::string_view kCheckpointFile = "checkpoint.json";

// Where the run stands: `step` steps of epoch number `epoch` (from 0) are done.
struct CheckpointPosition {
  std::int64_t epoch = 0;
  std::int64_t step = 0;
  std::int64_t total_steps = 0;  // over all epochs

  bool operator==(const CheckpointPosition&) const = default;
};

// "checkpoint-00003-000120.safetensors".
std::string CheckpointTensorFileName(const CheckpointPosition& position);

// Saves a checkpoint and removes the older ones of the folder. `tensors` must hold every parameter
// of the config in float32 with its shape; more tensors (optimiser state) are kept as they are.
// `state` is the trainer's own JSON object, kept as it is. INVALID_ARGUMENT when a parameter is
// missing or misshapen, FAILED_PRECONDITION when the folder's config.json is of another network,
// RESOURCE_EXHAUSTED on a full disk; then the checkpoint before stays valid.
absl::Status SaveCheckpoint(const std::filesystem::path& model_folder, const NetworkConfig& config,
                            const CheckpointPosition& position, const Json& state,
                            std::span<const NamedTensor> tensors);

struct Checkpoint {
  NetworkConfig config;
  CheckpointPosition position;
  Json state;
  std::string sha256;  // of the tensor file: names these weights in manifests
  TensorFile tensors;
};

// The last checkpoint, verified: digest, and name, type and shape of every parameter. NOT_FOUND
// when the folder holds none, DATA_LOSS naming the file when anything is truncated, altered or
// missing.
absl::StatusOr<Checkpoint> LoadCheckpoint(const std::filesystem::path& model_folder);

// config.json of a model. NOT_FOUND or DATA_LOSS naming the file.
absl::StatusOr<NetworkConfig> ReadConfig(const std::filesystem::path& model_folder);

}  // namespace peculiar
