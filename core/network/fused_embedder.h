// A trained model that embeds and reconstructs line cubes without LibTorch: the last checkpoint of
// a model folder on the fused network. For programs that must not link LibTorch, such as the
// server. Not for concurrent use.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/network/checkpoint.h"
#include "core/network/fused_network.h"

namespace peculiar {

class FusedEmbedder {
 public:
  // threads: 0 = all cores. Errors as LoadCheckpoint; INVALID_ARGUMENT for negative threads.
  static absl::StatusOr<FusedEmbedder> Open(const std::filesystem::path& model_folder,
                                            int threads = 0);

  const NetworkConfig& config() const { return network_.config(); }
  // Digest of the weights' file, for manifests.
  const std::string& sha256() const { return sha256_; }

  // cubes: n x channels x size x size flux, row-major, finite. latent: n x config().latent. visit:
  // gets the reconstructions; when empty, the decoder is left out. INVALID_ARGUMENT for other
  // lengths.
  absl::Status Embed(std::span<const float> cubes, std::span<float> latent,
                     const SliceVisitor<float>& visit) {
    return network_.Embed(cubes, latent, visit);
  }

 private:
  FusedEmbedder(FusedNetwork<float> network, std::string sha256)
      : network_(std::move(network)), sha256_(std::move(sha256)) {}

  FusedNetwork<float> network_;
  std::string sha256_;
};

}  // namespace peculiar
