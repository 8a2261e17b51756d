// What computes a network's losses, gradients and embeddings (internal to core/model and
// core/train: includes LibTorch). Engines differ in speed, not in results: "fused" is
// core/network's own code for the CPU; "reference" runs Autoencoder::Forward through autograd, on
// any device, and is the oracle of the others; "scan" does the same with a ConvLSTM's steps as one
// operation, for the GPU. Not for concurrent use.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/autoencoder.h"
#include "core/model/device.h"
#include "core/model/memory_limit.h"
#include "core/model/precision.h"
#include "core/network/fused_network.h"

namespace peculiar {

struct Batch {
  torch::Tensor cubes;  // [B, T, H, W] float32, on any device
  torch::Tensor noise;  // [B, Z] standard normal numbers, vAE only; undefined = none (Z = mean)
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Where the parameters and their gradients are.
  virtual torch::Device device() const = 0;
  // Loss of the batch; replaces .grad of every parameter of the network by the gradient of
  // StepLoss.total. A non-finite loss is returned as it is, not an error. INVALID_ARGUMENT for
  // wrong shapes, RESOURCE_EXHAUSTED when memory runs out.
  virtual absl::StatusOr<StepLoss> Backward(const Batch& batch) = 0;
  // Backward and then `update`, which changes the parameters by their gradients, as one step.
  // "scan" on a GPU captures both as one graph for each number of cubes, so give it the same
  // `update` in every call: it does the same operations on the same tensors, which must outlive the
  // engine, asks nothing of the GPU, and when it throws for want of memory it has changed nothing
  // yet.
  virtual absl::StatusOr<StepLoss> TakeStep(const Batch& batch,
                                            const std::function<void()>& update);
  // Loss alone; parameters and gradients stay as they are.
  virtual absl::StatusOr<StepLoss> Evaluate(const Batch& batch) = 0;
  // cubes: as in Batch. Returns [B, Z] float32 on the CPU, the mean for the vAE. visit: gets the
  // reconstructions, in the engine's threads; empty: nobody wants them.
  virtual absl::StatusOr<torch::Tensor> Embed(const torch::Tensor& cubes,
                                              const SliceVisitor<float>& visit) = 0;
};

// Where an engine computes, resolved.
Device DeviceOf(const Engine& engine);

struct EngineOptions {
  Device device;
  int threads = 0;  // of the CPU; 0 = all cores. No more than the samples of a batch are used
  Precision precision = Precision::kFp32;
  // On a GPU, whether cuDNN tries its kernels before one is chosen. Faster, but two runs may choose
  // differently, and differ in their last bits; else the same GPU and LibTorch give the same bits.
  bool tune = false;
  std::optional<MemoryLimit> memory_limit = std::nullopt;  // of the GPU's; for the whole process
};

// INVALID_ARGUMENT unless the batch has at least one cube and the shapes fit; every engine asks.
absl::Status CheckBatch(const NetworkConfig& config, const Batch& batch);

// "fused", "scan", "reference".
const std::vector<std::string>& EngineNames();

// Moves the network to the device (for "fused" `auto` is the CPU) and, on the CPU, sets LibTorch's
// own thread count to 1: the engine's threads take samples. There "scan" and "reference" tune the
// process's allocator once. The network must outlive the engine. INVALID_ARGUMENT for an unknown
// name (the known ones are named), negative threads, "fused" on cuda, or a precision other than
// fp32 with "fused" or "reference", or on the CPU (bf16 is taken there from LibTorch 2 on); for a
// GPU that cannot be used as ResolveDevice, and for the limit of its memory as LimitMemory. When
// that memory runs out, the engine's error says which batch would fit.
absl::StatusOr<std::unique_ptr<Engine>> MakeEngine(std::string_view name, Autoencoder& network,
                                                   const EngineOptions& options = {});

}  // namespace peculiar
