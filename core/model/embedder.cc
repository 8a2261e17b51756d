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
                                                        {.device = options.device,
                                                         .threads = options.threads,
                                                         .precision = options.precision,
                                                         .memory_limit = options.memory_limit}));
  return Embedder(std::move(network));
}

const NetworkConfig& Embedder::config() const { return network_->autoencoder.config(); }
const CheckpointPosition& Embedder::position() const { return network_->position; }
const std::string& Embedder::sha256() const { return network_->sha256; }

absl::StatusOr<std::vector<float>> Embedder::Embed(std::span<const float> cubes, std::size_t n,
                                                   const SliceVisitor<float>& visit) {
  const NetworkConfig& config = this->config();
  const auto spaxels =
      static_cast<std::size_t>(config.size) * static_cast<std::size_t>(config.size);
  const std::size_t voxels = static_cast<std::size_t>(config.channels) * spaxels;
  if (cubes.size() % voxels != 0 || cubes.size() / voxels != n) {
    return InvalidArgument("cannot embed {} cubes: {} values given, expected {} a cube", n,
                           cubes.size(), voxels);
  }
  std::vector<float> latents;
  for (std::size_t first = 0; first < n; first += network_->batch_size) {
    const std::size_t count = std::min(network_->batch_size, n - first);
    PECULIAR_RETURN_IF_ERROR(Guard("cannot embed", [&]() -> absl::Status {
      // from_blob asks for a mutable pointer; the engine only reads.
      const auto batch = torch::from_blob(
          const_cast<float*>(cubes.data() + first * voxels),
          {static_cast<std::int64_t>(count), config.channels, config.size, config.size},
          torch::kFloat32);
      const auto visit_one = [&](std::size_t cube, int slice, std::span<const float> image) {
        visit(first + cube, slice, image);
      };
      PECULIAR_ASSIGN_OR_RETURN(
          const torch::Tensor latent,
          network_->engine->Embed(batch, visit ? visit_one : SliceVisitor<float>()));
      const float* values = latent.data_ptr<float>();
      latents.insert(latents.end(), values, values + latent.numel());
      return absl::OkStatus();
    }));
  }
  return latents;
}

absl::StatusOr<EmbeddedCubes> Embedder::EmbedAndReconstruct(std::span<const float> cubes,
                                                            std::size_t n) {
  EmbeddedCubes embedded;
  embedded.reconstruction.resize(cubes.size());
  PECULIAR_ASSIGN_OR_RETURN(
      embedded.latent,
      Embed(cubes, n, CopySlices<float>(config().channels, embedded.reconstruction)));
  return embedded;
}

}  // namespace peculiar
