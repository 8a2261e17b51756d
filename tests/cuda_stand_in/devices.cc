// The GPUs, and launches of kernels that do nothing.
#include <cstdio>
#include <cstring>
#include <vector>

#include "tests/cuda_stand_in/stand_in.h"

using peculiar::StandIn;

namespace {

constexpr int kVersion = 13020;
constexpr int kMultiprocessors = 132, kSharedBytes = 48 << 10, kMostSharedBytes = 227 << 10;

struct Launch {
  dim3 grid, block;
  std::size_t shared = 0;
  cudaStream_t stream = nullptr;
};

bool IsShape(const dim3& grid, const dim3& block) {
  constexpr unsigned kMost = 65535, kThreads = 1024;
  const unsigned threads = block.x * block.y * block.z;
  return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.y <= kMost && grid.z <= kMost &&
         threads > 0 && threads <= kThreads;
}

cudaError_t Run(const dim3& grid, const dim3& block, cudaStream_t stream) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (!IsShape(grid, block)) {
    return state.Broken(cudaErrorInvalidConfiguration, "a launch of a shape that no GPU takes",
                        state.StreamOf(stream).capture);
  }
  return state.Enqueue(stream, "a launch");
}

std::vector<Launch>& Configured() {
  static thread_local std::vector<Launch> launches;
  return launches;
}

}  // namespace

PECULIAR_STAND_IN cudaError_t cudaGetDeviceCount(int* count) {
  *count = StandIn::Get().gpus;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaGetDevice(int* gpu) {
  *gpu = peculiar::stand_in_gpu;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaSetDevice(int gpu) {
  if (gpu < 0 || gpu >= StandIn::Get().gpus) {
    return peculiar::stand_in_error = cudaErrorInvalidDevice;
  }
  peculiar::stand_in_gpu = gpu;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaDriverGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaGetLastError() {
  const cudaError_t error = peculiar::stand_in_error;
  peculiar::stand_in_error = cudaSuccess;
  return error;
}

PECULIAR_STAND_IN cudaError_t cudaPeekAtLastError() { return peculiar::stand_in_error; }

PECULIAR_STAND_IN cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = 0;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = kMultiprocessors;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = kSharedBytes;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = kMostSharedBytes;
      break;
    default:
      *value = 1;
  }
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  std::strcpy(properties->name, "stand-in");
  properties->totalGlobalMem = StandIn::Get().gpu_bytes;
  properties->major = 9;
  properties->multiProcessorCount = kMultiprocessors;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = 1024;
  properties->maxThreadsPerMultiProcessor = 2048;
  properties->sharedMemPerBlock = kSharedBytes;
  properties->sharedMemPerBlockOptin = kMostSharedBytes;
  properties->regsPerBlock = properties->regsPerMultiprocessor = 65536;
  properties->maxGridSize[0] = 2147483647;
  properties->maxGridSize[1] = properties->maxGridSize[2] = 65535;
  properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = 1024;
  properties->maxThreadsDim[2] = 64;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t
cudaGetDriverEntryPointByVersion(const char*, void** function, unsigned, unsigned long long,
                                 cudaDriverEntryPointQueryResult* result) {
  *function = nullptr;
  if (result != nullptr) *result = cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}

// Of the driver, whose file's name this library has.
PECULIAR_STAND_IN int cuDevicePrimaryCtxGetState(int, unsigned* flags, int* active) {
  *flags = 0;
  *active = 1;
  return 0;
}

PECULIAR_STAND_IN int cuCtxGetCurrent(void** context) {
  *context = &StandIn::Get();
  return 0;
}

// What compiled code registers itself and its kernels with.
PECULIAR_STAND_IN void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
PECULIAR_STAND_IN void __cudaRegisterFatBinaryEnd(void**) {}
PECULIAR_STAND_IN void __cudaUnregisterFatBinary(void**) {}
PECULIAR_STAND_IN void __cudaRegisterFunction(void**, const char*, char*, const char*, int, void*,
                                              void*, void*, void*, int*) {}
PECULIAR_STAND_IN void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int,
                                         int) {}

PECULIAR_STAND_IN cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
  *attributes = {};
  attributes->binaryVersion = attributes->ptxVersion = 90;
  attributes->maxThreadsPerBlock = 1024;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) {
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, const void*, int, std::size_t, unsigned) {
  *blocks = 1;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks,
                                                                            const void*, int,
                                                                            std::size_t) {
  *blocks = 1;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaLaunchKernel(const void*, dim3 grid, dim3 block, void**,
                                               std::size_t, cudaStream_t stream) {
  return Run(grid, block, stream);
}

PECULIAR_STAND_IN cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void*,
                                                  void**) {
  return Run(config->gridDim, config->blockDim, config->stream);
}

PECULIAR_STAND_IN cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(function));
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t __cudaLaunchKernel(cudaKernel_t, dim3 grid, dim3 block, void**,
                                                 std::size_t, cudaStream_t stream) {
  return Run(grid, block, stream);
}

PECULIAR_STAND_IN unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared,
                                                       cudaStream_t stream) {
  Configured().push_back({grid, block, shared, stream});
  return 0;
}

PECULIAR_STAND_IN cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block,
                                                         std::size_t* shared, void* stream) {
  const Launch launch = Configured().back();
  Configured().pop_back();
  *grid = launch.grid;
  *block = launch.block;
  *shared = launch.shared;
  *static_cast<cudaStream_t*>(stream) = launch.stream;
  return cudaSuccess;
}
