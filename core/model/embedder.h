// A trained model that embeds and reconstructs line cubes: the last checkpoint of a model folder.
// Not for concurrent use. Free of LibTorch.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/device.h"
#include "core/model/memory_limit.h"
#include "core/model/precision.h"
#include "core/network/checkpoint.h"
#include "core/network/network_config.h"
#include "core/network/slice_visitor.h"

namespace peculiar {

struct EmbedderOptions {
  Device device;
  int threads = 0;  // 0 = all cores
  std::string engine = "fused";
  Precision precision = Precision::kFp32;
  std::optional<MemoryLimit> memory_limit;  // see EngineOptions
  std::size_t batch_size = 16;  // cubes at once: bounds the memory, 16 is the training's
};

// Row-major arrays, one row a cube.
struct EmbeddedCubes {
  std::vector<float> latent;          // n x config().latent
  std::vector<float> reconstruction;  // n x channels x size x size
};

class Embedder {
 public:
  // Errors as LoadCheckpoint and MakeEngine; INVALID_ARGUMENT when batch_size is 0.
  static absl::StatusOr<Embedder> Open(const std::filesystem::path& model_folder,
                                       const EmbedderOptions& options = {});
  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  ~Embedder();

  const NetworkConfig& config() const;
  const CheckpointPosition& position() const;
  // Digest of the weights' file, for manifests.
  const std::string& sha256() const;

  // cubes: n x channels x size x size flux, row-major, finite. Returns n x config().latent, the
  // mean for the vAE; visit gets the reconstructions, in the same pass and the engine's threads,
  // and may be empty. A row of the result depends on its own cube alone, up to float rounding.
  // INVALID_ARGUMENT when the length is another.
  absl::StatusOr<std::vector<float>> Embed(std::span<const float> cubes, std::size_t n,
                                           const SliceVisitor<float>& visit);
  // The same with whole reconstructions.
  absl::StatusOr<EmbeddedCubes> EmbedAndReconstruct(std::span<const float> cubes, std::size_t n);

 private:
  struct Network;
  explicit Embedder(std::unique_ptr<Network> network);
  std::unique_ptr<Network> network_;
};

}  // namespace peculiar
