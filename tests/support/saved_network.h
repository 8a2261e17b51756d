// Checkpoints for tests: a network of known first weights, saved in a folder of the test. Free of
// LibTorch.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/network/checkpoint.h"
#include "core/network/parameters.h"
#include "tests/support/test_folder.h"

namespace peculiar {

// An empty folder of the running test.
inline std::filesystem::path FreshTestFolder() {
  const auto folder = TestFolder() / "model";
  std::filesystem::remove_all(folder);
  return folder;
}

// The weights a network of this config starts from.
class FirstWeights {
 public:
  FirstWeights(const NetworkConfig& config, std::uint64_t seed) {
    for (const ParameterSpec& spec : ParameterSpecs(config)) {
      values_.push_back(InitialValues(spec, seed));
      tensors_.push_back(
          MakeNamedTensor(spec.name, spec.shape, std::span<const float>(values_.back())));
    }
  }

  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  std::vector<std::vector<float>> values_;
  std::vector<NamedTensor> tensors_;
};

inline absl::Status SaveNetwork(const std::filesystem::path& folder, const NetworkConfig& config,
                                std::uint64_t seed, const CheckpointPosition& position) {
  return SaveCheckpoint(folder, config, position, Json::object(),
                        FirstWeights(config, seed).tensors());
}

}  // namespace peculiar
