// What LibTorch asks of cuDNN, cuBLAS and NCCL with a handle: work that does nothing. Descriptors
// are the libraries' own, which need no GPU. Every function returns 0, its library's success.
#include <cstring>

#include "tests/cuda_stand_in/stand_in.h"

using peculiar::StandIn;

namespace {

constexpr int kFailed = 1;
constexpr std::size_t kWorkspaceBytes = 1 << 20;

thread_local cudaStream_t library_stream = nullptr;

int NewHandle(void** handle) {
  static int any = 0;
  *handle = &any;
  return 0;
}

int SetStream(cudaStream_t stream) {
  library_stream = stream;
  return 0;
}

int Work(cudaStream_t stream, const char* what) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  return state.Enqueue(stream, what) == cudaSuccess ? 0 : kFailed;
}

// cudnnConvolutionFwdAlgoPerf_t and its kin.
struct Algorithm {
  int number = 1;
  int status = 0;
  float milliseconds = 1;
  std::size_t workspace = kWorkspaceBytes;
  int deterministic = 1;
  int math = 0;
  int reserved[3] = {};
};

}  // namespace

PECULIAR_STAND_IN int cudnnCreate(void** handle) { return NewHandle(handle); }
PECULIAR_STAND_IN int cudnnSetStream(void*, cudaStream_t stream) { return SetStream(stream); }

#define PECULIAR_STAND_IN_CONVOLUTION(name, short_name)                                            \
  PECULIAR_STAND_IN int cudnnConvolution##name() { return Work(library_stream, "a convolution"); } \
  PECULIAR_STAND_IN int cudnnGetConvolution##short_name##Algorithm_v7(                             \
      void*, void*, void*, void*, void*, int, int* count, Algorithm* algorithms) {                 \
    *count = 1;                                                                                    \
    *algorithms = {};                                                                              \
    return 0;                                                                                      \
  }                                                                                                \
  PECULIAR_STAND_IN int cudnnGetConvolution##short_name##WorkspaceSize(                            \
      void*, void*, void*, void*, void*, int, std::size_t* bytes) {                                \
    *bytes = kWorkspaceBytes;                                                                      \
    return 0;                                                                                      \
  }
PECULIAR_STAND_IN_CONVOLUTION(Forward, Forward)
PECULIAR_STAND_IN_CONVOLUTION(BackwardData, BackwardData)
PECULIAR_STAND_IN_CONVOLUTION(BackwardFilter, BackwardFilter)

PECULIAR_STAND_IN int cublasCreate_v2(void** handle) { return NewHandle(handle); }
PECULIAR_STAND_IN int cublasSetStream_v2(void*, cudaStream_t stream) { return SetStream(stream); }
PECULIAR_STAND_IN int cublasSetWorkspace_v2(void*, void*, std::size_t) { return 0; }
PECULIAR_STAND_IN int cublasSetMathMode(void*, int) { return 0; }
PECULIAR_STAND_IN int cublasGetMathMode(void*, int* mode) {
  *mode = 0;
  return 0;
}
PECULIAR_STAND_IN int cublasSgemm_v2() { return Work(library_stream, "a product"); }
PECULIAR_STAND_IN int cublasSgemmEx() { return Work(library_stream, "a product"); }
PECULIAR_STAND_IN int cublasGemmEx() { return Work(library_stream, "a product"); }
PECULIAR_STAND_IN int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*,
                                                     void*, int, void* algorithm, int* count) {
  constexpr std::size_t kBytes = 96;  // cublasLtMatmulHeuristicResult_t
  std::memset(algorithm, 0, kBytes);
  *count = 1;
  return 0;
}
PECULIAR_STAND_IN int cublasLtMatmul(void*, void*, const void*, const void*, void*, const void*,
                                     void*, const void*, const void*, void*, void*, void*,
                                     const void*, void*, std::size_t, cudaStream_t stream) {
  return Work(stream, "a product");
}

// Sums over processes: each keeps its own part.
struct UniqueId {
  char bytes[128];
};
PECULIAR_STAND_IN int ncclGetUniqueId(UniqueId* id) {
  *id = {};
  return 0;
}
PECULIAR_STAND_IN int ncclCommInitRankConfig(void** group, int, UniqueId, int, void*) {
  return NewHandle(group);
}
PECULIAR_STAND_IN int ncclCommGetAsyncError(void*, int* error) {
  *error = 0;
  return 0;
}
PECULIAR_STAND_IN int ncclAllReduce(const void*, void*, std::size_t, int, int, void*,
                                    cudaStream_t stream) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  ++state.sums;
  return Work(stream, "a sum");
}
PECULIAR_STAND_IN int ncclCommDestroy(void*) { return 0; }
PECULIAR_STAND_IN int ncclCommAbort(void*) { return 0; }
PECULIAR_STAND_IN int ncclCommFinalize(void*) { return 0; }
PECULIAR_STAND_IN int ncclGroupStart() { return 0; }
PECULIAR_STAND_IN int ncclGroupEnd() { return 0; }
