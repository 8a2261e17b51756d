// Checkpoints for tests: a network of known first weights, saved in a folder of the test. Free of
// LibTorch.
#pragma once

#include <filesystem>

#include "core/network/checkpoint.h"
#include "core/network/first_weights.h"
#include "core/network/parameters.h"
#include "tests/support/test_folder.h"

namespace peculiar {

// An empty folder of the running test.
inline std::filesystem::path FreshTestFolder() {
  const auto folder = TestFolder() / "model";
  std::filesystem::remove_all(folder);
  return folder;
}

inline absl::Status SaveNetwork(const std::filesystem::path& folder, const NetworkConfig& config,
                                std::uint64_t seed, const CheckpointPosition& position) {
  return SaveCheckpoint(folder, config, position, Json::object(),
                        FirstWeights(config, seed).tensors());
}

}  // namespace peculiar
