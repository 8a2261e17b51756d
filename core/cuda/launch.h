// The seam to CUDA's runtime: its types and errors without its headers. A .cu file knows nothing of
// absl or fmt, which nvcc cannot read as C++20: it returns a CudaError, and the caller in a .cc
// file makes it a Status. Thread-safe.
#pragma once

struct CUstream_st;  // NOLINT: CUDA's own name

namespace peculiar {

using CudaStream = CUstream_st*;  // cudaStream_t; null: the default stream
using CudaError = int;            // cudaError_t; 0 is success

// Threads of a block, in every kernel that gives a thread an item.
inline constexpr int kBlockThreads = 256;

}  // namespace peculiar
