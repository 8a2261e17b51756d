// A stand-in for GPUs, for tests where there are none: CUDA's runtime and what LibTorch asks of
// cuDNN, cuBLAS and NCCL, as a library to LD_PRELOAD. Nothing is computed. Memory is the CPU's and
// bounded, copies happen at once, streams, events and graphs are counted. So a program's way
// through LibTorch's allocator and graphs, and what other threads do meanwhile, is the real one.
//
// Of CUDA's rules for captures (Programming Guide, "Creating a Graph Using Stream Capture"; enum
// cudaStreamCaptureMode) these are kept; what breaks one gets CUDA's error, ends the capture
// without a graph, and is reported:
// - nothing that may disturb a capture, as what takes memory, by the capture's thread, nor in the
//   global mode by others; no waiting for a captured stream or event;
// - no dependency into a capture from outside or from another capture;
// - a capture ends in the stream and thread where it began, after all streams that it drew in have
//   been waited for;
// - a graph's copies are of memory that is there when it is launched.
//
// PECULIAR_STAND_IN_GPUS: how many (1). PECULIAR_STAND_IN_GIB: memory of each (80).
// PECULIAR_STAND_IN_REPORT: a file that gets a line of JSON when the process ends, see Report.
// LibTorch needs TORCH_CUDNN_V8_API_DISABLED=1; convolutions of bfloat16 then go by other ways.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Of a function that takes the place of another library's.
#define PECULIAR_STAND_IN extern "C" __attribute__((visibility("default")))

namespace peculiar {

struct StandInGraph {
  std::int64_t nodes = 0;
  std::vector<const void*> copied;  // from where and to where
};

struct StandInStream;

struct StandInCapture {
  std::uint64_t id = 0;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  StandInGraph graph;
  StandInStream* origin = nullptr;
  std::set<StandInStream*> others;  // drawn in
  bool broken = false;
};

struct StandInStream {
  StandInCapture* capture = nullptr;
  std::int64_t work = 0;     // enqueued so far
  std::int64_t awaited = 0;  // of that, what a captured stream waits for
};

struct StandInEvent {
  StandInStream* stream = nullptr;  // where it was recorded; null: nowhere
  std::int64_t work = 0;            // of that stream then
  std::uint64_t capture_id = 0;     // of the capture it belongs to; 0: none
};

// The state of the process. Lock `mutex` before anything else.
class StandIn {
 public:
  static StandIn& Get();

  // The error of a rule that was broken, for the harm of `capture` (null: of none).
  cudaError_t Broken(cudaError_t error, const std::string& what, StandInCapture* capture);
  // For a call that could disturb captures, as those of memory: refused while this thread captures,
  // and while another does in the global mode, unless this thread's mode allows it.
  cudaError_t MayDisturb(const char* what);
  // For work in a stream.
  cudaError_t Enqueue(cudaStream_t stream, const char* what);
  StandInStream& StreamOf(cudaStream_t stream);
  StandInCapture* CaptureOf(std::uint64_t id);  // null when it is over
  bool IsDeviceMemory(const void* pointer) const;
  bool IsPinnedMemory(const void* pointer) const;

  std::recursive_mutex mutex;
  int gpus;
  std::size_t gpu_bytes;
  std::vector<std::size_t> taken;                                    // by GPU
  std::map<const char*, std::pair<std::size_t, int>> device_memory;  // bytes, GPU
  std::map<const char*, std::size_t> pinned_memory;
  std::set<StandInStream*> streams;
  std::map<std::uint64_t, StandInCapture> captures;
  std::set<StandInGraph*> graphs;  // that can be launched
  std::uint64_t last_capture = 0;
  std::int64_t launches = 0, captured = 0, replays = 0, sums = 0;
  std::vector<std::string> broken;

 private:
  StandIn();
  ~StandIn();
  void Report() const;

  StandInStream default_stream_;
};

// Of the calling thread.
extern thread_local int stand_in_gpu;
extern thread_local cudaError_t stand_in_error;
extern thread_local cudaStreamCaptureMode stand_in_mode;

}  // namespace peculiar
