// Checkpoints for the tests of core/model: a saved network of known weights in a folder of the test.
// Includes LibTorch.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/model/checkpoint.h"
#include "core/model/tensor_exchange.h"

namespace peculiar {

// An empty folder of the running test.
inline std::filesystem::path FreshTestFolder() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = std::filesystem::path(testing::TempDir()) /
                      fmt::format("{}_{}", test->test_suite_name(), test->name());
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
