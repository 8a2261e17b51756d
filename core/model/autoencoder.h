// The network with its parameters (internal to core/model and core/train: includes LibTorch).
// Encoder, latent layers and decoder of paper section 3 as parameters.h lists them, computed by
// plain differentiable operations: the definition that faster engines are compared with.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/network/network_config.h"

namespace peculiar {

struct NetworkOutput {
  torch::Tensor reconstruction;  // [B, T, H, W], T = channels
  torch::Tensor latent;          // [B, Z]: what the decoder was given
  torch::Tensor mean;            // [B, Z]: the embedding. AE: the same as latent
  torch::Tensor log_variance;    // [B, Z]; undefined for the AE
};

// How the layers are computed: by plain operations, or by those of ours that do more at a time
// (RecurrentScan, FusedLayerNorm), where they take the tensors. Results are equal up to rounding.
enum class ForwardPath { kPlain, kFused };

struct ForwardOptions {
  ForwardPath path = ForwardPath::kPlain;
  // What the layers over images compute and keep their maps in, kBFloat16 or the parameters' own
  // type; the dense layers and cell states keep that of the parameters.
  std::optional<torch::ScalarType> maps;
};

// Not for concurrent use while it trains; Forward on fixed parameters is safe from many threads.
class Autoencoder {
 public:
  // First values from `seed` (parameters.h), float32 on the CPU, requiring gradients. Requires a
  // valid config.
  Autoencoder(const NetworkConfig& config, std::uint64_t seed);

  const NetworkConfig& config() const { return config_; }

  using NamedParameter = std::pair<std::string, torch::Tensor>;
  // In the order of ParameterSpecs. The tensors are handles: they stay the same over To.
  const std::vector<NamedParameter>& parameters() const { return parameters_; }
  // The handles alone, for an optimiser.
  std::vector<torch::Tensor> tensors() const;
  // Requires a name of ParameterSpecs.
  const torch::Tensor& parameter(std::string_view name) const;

  // Moves and converts the parameters in place; gradients are dropped.
  void To(torch::Device device, torch::ScalarType type = torch::kFloat32);

  // cubes: [B, T, H, W] of the parameters' type and device. noise: [B, Z] standard normal numbers
  // for the vAE; undefined gives latent = mean, as at embedding time. Throws c10::Error on a wrong
  // shape: call inside Guard.
  NetworkOutput Forward(const torch::Tensor& cubes, const torch::Tensor& noise = {},
                        const ForwardOptions& options = {}) const;

 private:
  torch::Tensor Encode(const torch::Tensor& cubes, const ForwardOptions& options) const;
  torch::Tensor Decode(const torch::Tensor& latent, const ForwardOptions& options) const;

  NetworkConfig config_;
  std::vector<NamedParameter> parameters_;
};

}  // namespace peculiar
