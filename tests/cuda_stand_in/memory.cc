// Memory and copies.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "tests/cuda_stand_in/stand_in.h"

using peculiar::StandIn;

namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

// Pages are taken when they are touched.
PECULIAR_STAND_IN cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.MayDisturb("cudaMalloc")) return error;
  std::size_t& taken = state.taken[static_cast<std::size_t>(peculiar::stand_in_gpu)];
  if (taken + bytes > state.gpu_bytes) {
    return peculiar::stand_in_error = cudaErrorMemoryAllocation;
  }
  *pointer = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (*pointer == MAP_FAILED) return peculiar::stand_in_error = cudaErrorMemoryAllocation;
  taken += bytes;
  state.device_memory[static_cast<char*>(*pointer)] = {bytes, peculiar::stand_in_gpu};
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaFree(void* pointer) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (pointer == nullptr) return cudaSuccess;
  if (const cudaError_t error = state.MayDisturb("cudaFree")) return error;
  const auto block = state.device_memory.find(static_cast<char*>(pointer));
  if (block == state.device_memory.end()) {
    return state.Broken(cudaErrorInvalidValue, "cudaFree of what was not allocated", nullptr);
  }
  const auto [bytes, gpu] = block->second;
  munmap(pointer, bytes);
  state.taken[static_cast<std::size_t>(gpu)] -= bytes;
  state.device_memory.erase(block);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.MayDisturb("cudaHostAlloc")) return error;
  *pointer = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
  state.pinned_memory[static_cast<char*>(*pointer)] = bytes;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaFreeHost(void* pointer) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.MayDisturb("cudaFreeHost")) return error;
  state.pinned_memory.erase(static_cast<char*>(pointer));
  std::free(pointer);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  *total = state.gpu_bytes;
  *free_bytes = *total - state.taken[static_cast<std::size_t>(peculiar::stand_in_gpu)];
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes,
                                                       const void* pointer) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  *attributes = {};
  attributes->type = state.IsDeviceMemory(pointer)   ? cudaMemoryTypeDevice
                     : state.IsPinnedMemory(pointer) ? cudaMemoryTypeHost
                                                     : cudaMemoryTypeUnregistered;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes,
                                         cudaMemcpyKind) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.MayDisturb("cudaMemcpy")) return error;
  std::memmove(to, from, bytes);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes,
                                              cudaMemcpyKind, cudaStream_t stream) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.Enqueue(stream, "cudaMemcpyAsync")) return error;
  peculiar::StandInCapture* capture = state.StreamOf(stream).capture;
  if (capture == nullptr) {
    std::memmove(to, from, bytes);
    return cudaSuccess;
  }
  for (const void* end : {static_cast<const void*>(to), from}) {
    if (!state.IsDeviceMemory(end) && !state.IsPinnedMemory(end)) {
      return state.Broken(cudaErrorStreamCaptureUnsupported,
                          "a copy of pageable memory in a capture", capture);
    }
    capture->graph.copied.push_back(end);
  }
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes,
                                              cudaStream_t stream) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.Enqueue(stream, "cudaMemsetAsync")) return error;
  if (peculiar::StandInCapture* capture = state.StreamOf(stream).capture) {
    capture->graph.copied.push_back(to);
  } else {
    std::memset(to, value, bytes);
  }
  return cudaSuccess;
}
