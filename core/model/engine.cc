#include "core/model/engine.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>
#include <torch/version.h>

#include <algorithm>

#include "core/base/parallel.h"
#include "core/model/autograd_engine.h"
#include "core/model/fused_engine.h"
#include "core/model/graph_engine.h"
#include "core/model/guard.h"
#include "core/model/measured_engine.h"
#include "core/model/memory_gauge.h"
#include "core/weights/tensor_file.h"

namespace peculiar {
namespace {

// LibTorch 1.13 fails in the gradient of a transposed convolution of bfloat16 on a CPU.
constexpr bool kBf16OnCpu = TORCH_VERSION_MAJOR >= 2;

// A training step allocates and frees the same few gigabytes again and again. By default glibc maps
// every large tensor afresh and gives it back, so each step pays for page faults and zeroed pages:
// 1.5 to 2.4 times the step's time. Kept in the heap, the pages are reused. The process then holds
// its peak until it ends. Heaps that other threads have opened before stay beside the one.
void KeepFreedMemory() {
  static const bool done = [] {
    mallopt(M_MMAP_MAX, 0);                 // large tensors from the heap too
    mallopt(M_TRIM_THRESHOLD, INT32_MAX);   // never give its top back
    mallopt(M_ARENA_MAX, 1);                // one heap, so that threads reuse each other's pages
    mallopt(M_TOP_PAD, 256 * 1024 * 1024);  // and let it grow in large pieces
    return true;
  }();
  static_cast<void>(done);
}

absl::Status CheckTensor(std::string_view what, const torch::Tensor& tensor,
                         std::span<const std::int64_t> expected) {
  const auto sizes = tensor.defined() ? tensor.sizes().vec() : std::vector<std::int64_t>();
  if (tensor.defined() && tensor.scalar_type() == torch::kFloat32 &&
      std::equal(sizes.begin(), sizes.end(), expected.begin(), expected.end())) {
    return absl::OkStatus();
  }
  return InvalidArgument("{} are {} of shape {}, expected float32 of shape {}", what,
                         tensor.defined() ? c10::toString(tensor.scalar_type()) : "undefined",
                         ShapeText(sizes), ShapeText(expected));
}

absl::Status CheckEngineName(std::string_view name) {
  const auto& known = EngineNames();
  if (std::find(known.begin(), known.end(), name) != known.end()) return absl::OkStatus();
  return InvalidArgument("unknown engine '{}', expected one of: {}", name, fmt::join(known, ", "));
}

absl::Status CheckPrecision(Precision precision, std::string_view engine, const Device& device) {
  if (precision == Precision::kFp32) return absl::OkStatus();
  if (engine != "scan") {
    return InvalidArgument("the engine '{}' computes in fp32, not in {}: ask for engine 'scan'",
                           engine, PrecisionName(precision));
  }
  if (device.kind != DeviceKind::kCpu || (precision == Precision::kBf16 && kBf16OnCpu)) {
    return absl::OkStatus();
  }
  return InvalidArgument("the CPU cannot compute in {}: ask for fp32, or for a GPU",
                         PrecisionName(precision));
}

// For the process: LibTorch has no other way.
void SetUpGpuLibraries(const EngineOptions& options) {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(options.precision == Precision::kTf32);
  context.setAllowTF32CuBLAS(options.precision == Precision::kTf32);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(options.tune);
}

}  // namespace

absl::StatusOr<StepLoss> Engine::TakeStep(const Batch& batch, const std::function<void()>& update) {
  PECULIAR_ASSIGN_OR_RETURN(const StepLoss loss, Backward(batch));
  PECULIAR_RETURN_IF_ERROR(Guard("cannot update the parameters", update));
  return loss;
}

Device DeviceOf(const Engine& engine) {
  const torch::Device device = engine.device();
  return device.is_cpu() ? Device(DeviceKind::kCpu) : Device(DeviceKind::kCuda, device.index());
}

absl::Status CheckBatch(const NetworkConfig& config, const Batch& batch) {
  const std::int64_t n = batch.cubes.defined() && batch.cubes.dim() > 0 ? batch.cubes.size(0) : 1;
  if (n == 0) return InvalidArgument("an empty batch");
  PECULIAR_RETURN_IF_ERROR(
      CheckTensor("cubes", batch.cubes,
                  std::vector<std::int64_t>{n, config.channels, config.size, config.size}));
  if (!batch.noise.defined()) return absl::OkStatus();
  if (config.kind == ModelKind::kAe) return InvalidArgument("noise given to an autoencoder");
  return CheckTensor("noise", batch.noise, std::vector<std::int64_t>{n, config.latent});
}

const std::vector<std::string>& EngineNames() {
  static const std::vector<std::string> names = {"fused", "scan", "reference"};
  return names;
}

absl::StatusOr<std::unique_ptr<Engine>> MakeEngine(std::string_view name, Autoencoder& network,
                                                   const EngineOptions& options) {
  PECULIAR_RETURN_IF_ERROR(CheckEngineName(name));
  if (options.threads < 0) {
    return InvalidArgument("{} threads asked for, expected 0 (all cores) or more", options.threads);
  }
  const bool fused = name == "fused";
  if (fused && options.device.kind == DeviceKind::kCuda) {
    return InvalidArgument(
        "the engine 'fused' runs on the CPU alone: for device cuda ask for engine 'scan'");
  }
  PECULIAR_ASSIGN_OR_RETURN(const Device device,
                            ResolveDevice(fused ? DeviceKind::kCpu : options.device));
  PECULIAR_RETURN_IF_ERROR(CheckPrecision(options.precision, name, device));
  PECULIAR_RETURN_IF_ERROR(LimitMemory(device, options.memory_limit));
  using Result = absl::StatusOr<std::unique_ptr<Engine>>;
  return Guard("cannot set up the engine", [&]() -> Result {
    const bool on_cpu = device.kind == DeviceKind::kCpu;
    const int threads = options.threads > 0 ? options.threads : HardwareThreads();
    // The engine's threads take samples, not pieces of one operation: the thousands of small
    // operations of a step would wait for each other at each one's end.
    at::set_num_threads(on_cpu ? 1 : threads);
    const torch::Device place =
        on_cpu ? torch::Device(torch::kCPU)
               : torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(device.index));
    network.To(place);
    if (fused) return std::make_unique<FusedEngine>(network, threads);
    if (on_cpu) KeepFreedMemory();
    SetUpGpuLibraries(options);
    ForwardOptions forward;
    if (name == "scan") forward.path = ForwardPath::kFused;
    if (options.precision == Precision::kBf16) forward.maps = torch::kBFloat16;
    if (name == "scan" && !on_cpu) {
      return Measured(std::make_unique<GraphEngine>(network, forward, place, threads), device);
    }
    return Measured(std::make_unique<AutogradEngine>(
                        network, AutogradOptions{forward, place, on_cpu ? threads : 1}),
                    device);
  });
}

}  // namespace peculiar
