#include "core/network/fused_embedder.h"

#include "core/base/parallel.h"
#include "core/network/parameters.h"

namespace peculiar {

absl::StatusOr<FusedEmbedder> FusedEmbedder::Open(const std::filesystem::path& model_folder,
                                                  int threads) {
  if (threads < 0) {
    return InvalidArgument("{} threads asked for, expected 0 (all cores) or more", threads);
  }
  PECULIAR_ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(model_folder));
  std::vector<float> parameters;
  for (const ParameterSpec& spec : ParameterSpecs(checkpoint.config)) {
    PECULIAR_ASSIGN_OR_RETURN(const auto values, checkpoint.tensors.Find<float>(spec.name));
    parameters.insert(parameters.end(), values.begin(), values.end());
  }
  FusedNetwork<float> network(checkpoint.config, threads > 0 ? threads : HardwareThreads());
  PECULIAR_RETURN_IF_ERROR(network.SetParameters(parameters));
  return FusedEmbedder(std::move(network), checkpoint.sha256);
}

}  // namespace peculiar
