#include "core/model/embedder.h"

#include <torch/types.h>

#include <algorithm>

#include "core/model/engine.h"
#include "core/model/guard.h"
#include "core/model/tensor_exchange.h"

namespace peculiar {

struct Embedder::Network {
  Autoencoder autoencoder;
  CheckpointPosition position;
  std::string sha256;
  std::size_t batch_size = 0;
  std::unique_ptr<Engine> engine;  // refers to autoencoder
};

Embedder::Embedder(std::unique_ptr<Network> network) : network_(std::move(network)) {}
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;
Embedder::~Embedder() = default;

absl::StatusOr<Embedder> Embedder::Open(const std::filesystem::path& model_folder,
                                        const EmbedderOptions& options) {
  if (options.batch_size == 0) return InvalidArgument("cannot embed in batches of 0 cubes");
  PECULIAR_ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(model_folder));
  std::unique_ptr<Network> network;
  PECULIAR_RETURN_IF_ERROR(Guard("cannot set up the network", [&] {
    network = std::make_unique<Network>(Network{Autoencoder(checkpoint.config, /*seed=*/0),
                                                checkpoint.position, checkpoint.sha256,
                                                options.batch_size, nullptr});
  }));
  PECULIAR_RETURN_IF_ERROR(ImportParameters(checkpoint.tensors, network->autoencoder));
  PECULIAR_ASSIGN_OR_RETURN(network->engine, MakeEngine(options.engine, network->autoencoder,
                                                        {options.device, options.threads}));
  return Embedder(std::move(network));
}

const NetworkConfig& Embedder::config() const { return network_->autoencoder.config(); }
const CheckpointPosition& Embedder::position() const { return network_->position; }
const std::string& Embedder::sha256() const { return network_->sha256; }

absl::StatusOr<EmbeddedCubes> Embedder::Embed(std::span<const float> cubes, std::size_t n) {
  const NetworkConfig& config = this->config();
  const auto spaxels =
      static_cast<std::size_t>(config.size) * static_cast<std::size_t>(config.size);
  const std::size_t voxels = static_cast<std::size_t>(config.channels) * spaxels;
  if (cubes.size() % voxels != 0 || cubes.size() / voxels != n) {
    return InvalidArgument("cannot embed {} cubes: {} values given, expected {} a cube", n,
                           cubes.size(), voxels);
  }
  EmbeddedCubes result;
  const auto append = [](const torch::Tensor& from, std::vector<float>& to) {
    const float* values = from.data_ptr<float>();
    to.insert(to.end(), values, values + from.numel());
  };
  for (std::size_t first = 0; first < n; first += network_->batch_size) {
    const std::size_t count = std::min(network_->batch_size, n - first);
    PECULIAR_RETURN_IF_ERROR(Guard("cannot embed", [&]() -> absl::Status {
      // from_blob asks for a mutable pointer; the engine only reads.
      const auto batch = torch::from_blob(
          const_cast<float*>(cubes.data() + first * voxels),
          {static_cast<std::int64_t>(count), config.channels, config.size, config.size},
          torch::kFloat32);
      PECULIAR_ASSIGN_OR_RETURN(const EmbeddedBatch embedded, network_->engine->Embed(batch));
      append(embedded.latent, result.latent);
      append(embedded.reconstruction, result.reconstruction);
      return absl::OkStatus();
    }));
  }
  return result;
}

}  // namespace peculiar
