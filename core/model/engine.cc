#include "core/model/engine.h"

#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>

#include "core/base/parallel.h"
#include "core/model/guard.h"
#include "core/model/reference_engine.h"

namespace peculiar {
namespace {

// A training step allocates and frees the same few gigabytes again and again. By default glibc maps
// every large tensor afresh and gives it back, so each step pays for page faults and zeroed pages:
// 1.5 to 2.4 times the step's time. Kept in the heap, the pages are reused. The process then holds
// its peak until it ends, which is what a training run wants.
void KeepFreedMemory() {
  static const bool done = [] {
    mallopt(M_MMAP_MAX, 0);                 // large tensors from the heap too
    mallopt(M_TRIM_THRESHOLD, INT32_MAX);   // never give its top back
    mallopt(M_TOP_PAD, 256 * 1024 * 1024);  // and let it grow in large pieces
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

const std::vector<std::string>& EngineNames() {
  static const std::vector<std::string> names = {"reference"};
  return names;
}

absl::StatusOr<std::unique_ptr<Engine>> MakeEngine(std::string_view name, Autoencoder& network,
                                                   const EngineOptions& options) {
  const auto& known = EngineNames();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    return InvalidArgument("unknown engine '{}', expected one of: {}", name,
                           fmt::join(known, ", "));
  }
  if (options.threads < 0) {
    return InvalidArgument("{} threads asked for, expected 0 (all cores) or more", options.threads);
  }
  PECULIAR_ASSIGN_OR_RETURN(const DeviceKind device, ResolveDevice(options.device));
  using Result = absl::StatusOr<std::unique_ptr<Engine>>;
  return Guard("cannot set up the engine", [&]() -> Result {
    // Debian's LibTorch starts with one thread.
    at::set_num_threads(options.threads > 0 ? options.threads : HardwareThreads());
    if (device == DeviceKind::kCpu) KeepFreedMemory();
    const torch::Device place(device == DeviceKind::kCuda ? torch::kCUDA : torch::kCPU);
    network.To(place);
    return std::make_unique<ReferenceEngine>(network, place);
  });
}

}  // namespace peculiar
