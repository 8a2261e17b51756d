// Checkpoints for the tests of core/model: a saved network of known weights in a folder of the
// test. Includes LibTorch.
#pragma once

#include <filesystem>
#include <string>

#include "core/model/checkpoint.h"
#include "core/model/tensor_exchange.h"
#include "tests/support/test_folder.h"

namespace peculiar {

// An empty folder of the running test.
inline std::filesystem::path FreshTestFolder() {
  const auto folder = TestFolder() / "model";
  std::filesystem::remove_all(folder);
  return folder;
}

inline absl::Status SaveNetwork(const std::filesystem::path& folder, const Autoencoder& network,
                                const CheckpointPosition& position,
                                const Json& state = Json::object()) {
  TensorExport tensors;
  tensors.AddParameters(network);
  return SaveCheckpoint(folder, network.config(), position, state, tensors.tensors());
}

}  // namespace peculiar
