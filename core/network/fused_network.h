// The whole network on the CPU with its gradients, by code of our own: forward, loss and backward
// of each sample in one go, samples shared by threads, SIMD inside (kernels.h). Free of LibTorch.
// Bits depend on the values alone: not on the number of threads, nor on the place in a batch, nor,
// for float, on AVX2 against AVX-512. float is what trains; double is for checking gradients. One
// call at a time.
#pragma once

#include <memory>
#include <span>

#include "core/base/status.h"
#include "core/network/network_config.h"
#include "core/network/slice_visitor.h"

namespace peculiar {

// Averages over the samples of a batch.
struct StepLoss {
  double total = 0;           // what is minimised
  double reconstruction = 0;  // mean absolute (or squared) error of a voxel
  double kl = 0;              // nats per sample; 0 for the AE
};

template <typename T>
class FusedNetwork {
 public:
  // threads: at least 1; no more than the samples of a batch are used, each with buffers that are
  // kept for the next call. Requires a valid config.
  FusedNetwork(const NetworkConfig& config, int threads);
  FusedNetwork(FusedNetwork&&) noexcept;
  FusedNetwork& operator=(FusedNetwork&&) noexcept;
  ~FusedNetwork();

  const NetworkConfig& config() const;
  // Values of all parameters together.
  std::size_t parameter_count() const;

  // All parameters in the order of ParameterSpecs, one after another; copied. Call it before the
  // first use and after every change. INVALID_ARGUMENT for another count.
  absl::Status SetParameters(std::span<const T> values);

  // Below, cubes: n x channels x size x size row-major, n >= 1; noise: n x latent standard normal
  // numbers for the vAE, or empty for Z = mean. Wrong lengths are INVALID_ARGUMENT. A loss that is
  // not finite is returned as it is.

  // gradient: parameter_count() values, replaced by the gradient of StepLoss.total.
  absl::StatusOr<StepLoss> Step(std::span<const T> cubes, std::span<const T> noise,
                                std::span<T> gradient);
  // The loss alone.
  absl::StatusOr<StepLoss> Evaluate(std::span<const T> cubes, std::span<const T> noise);
  // Forward alone. latent: n x config().latent, the mean for the vAE. visit: gets the
  // reconstructions, in the threads that make them; when empty, the decoder is left out. What it
  // throws becomes INTERNAL; other slices may have been visited by then.
  absl::Status Embed(std::span<const T> cubes, std::span<T> latent, const SliceVisitor<T>& visit);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace peculiar
