#include "tests/cuda_stand_in/stand_in.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace peculiar {
namespace {

int NumberFrom(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

// The block of `memory` that holds the pointer, or its end.
template <typename Map>
auto BlockOf(const Map& memory, const void* pointer) {
  const auto* byte = static_cast<const char*>(pointer);
  auto block = memory.upper_bound(byte);
  return block == memory.begin() ? memory.end() : --block;
}

}  // namespace

thread_local int stand_in_gpu = 0;
thread_local cudaError_t stand_in_error = cudaSuccess;
thread_local cudaStreamCaptureMode stand_in_mode = cudaStreamCaptureModeGlobal;

StandIn& StandIn::Get() {
  static StandIn state;
  return state;
}

StandIn::StandIn()
    : gpus(NumberFrom("PECULIAR_STAND_IN_GPUS", 1)),
      gpu_bytes(static_cast<std::size_t>(NumberFrom("PECULIAR_STAND_IN_GIB", 80)) << 30),
      taken(static_cast<std::size_t>(gpus)) {}

StandIn::~StandIn() { Report(); }

void StandIn::Report() const {
  const char* path = std::getenv("PECULIAR_STAND_IN_REPORT");
  if (path == nullptr) return;
  std::ofstream file(path, std::ios::app);
  file << "{\"launches\": " << launches << ", \"captured\": " << captured
       << ", \"replays\": " << replays << ", \"sums\": " << sums << ", \"broken\": [";
  for (std::size_t i = 0; i < broken.size(); ++i)
    file << (i > 0 ? ", " : "") << '"' << broken[i] << '"';
  file << "]}\n";
}

cudaError_t StandIn::Broken(cudaError_t error, const std::string& what, StandInCapture* capture) {
  broken.push_back(what);
  if (capture != nullptr) capture->broken = true;
  std::fprintf(stderr, "cuda_stand_in: %s\n", what.c_str());
  stand_in_error = error;
  return error;
}

cudaError_t StandIn::MayDisturb(const char* what) {
  if (stand_in_mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
  for (auto& [id, capture] : captures) {
    const bool own = capture.thread == std::this_thread::get_id();
    const bool refused = own ? capture.mode != cudaStreamCaptureModeRelaxed
                             : stand_in_mode == cudaStreamCaptureModeGlobal &&
                                   capture.mode == cudaStreamCaptureModeGlobal;
    if (!refused) continue;
    return Broken(cudaErrorStreamCaptureUnsupported,
                  std::string(what) + (own ? " in a capture" : " beside another thread's capture"),
                  &capture);
  }
  return cudaSuccess;
}

cudaError_t StandIn::Enqueue(cudaStream_t stream, const char* what) {
  ++launches;
  StandInStream& used = StreamOf(stream);
  ++used.work;
  if (used.capture == nullptr) return cudaSuccess;
  ++used.capture->graph.nodes;
  if (!used.capture->broken) return cudaSuccess;
  return Broken(cudaErrorStreamCaptureInvalidated, std::string(what) + " in a broken capture",
                used.capture);
}

// The default stream is that of programs that name none.
StandInStream& StandIn::StreamOf(cudaStream_t stream) {
  auto* named = reinterpret_cast<StandInStream*>(stream);
  return streams.count(named) > 0 ? *named : default_stream_;
}

StandInCapture* StandIn::CaptureOf(std::uint64_t id) {
  const auto found = captures.find(id);
  return found == captures.end() ? nullptr : &found->second;
}

bool StandIn::IsDeviceMemory(const void* pointer) const {
  const auto block = BlockOf(device_memory, pointer);
  return block != device_memory.end() && pointer < block->first + block->second.first;
}

bool StandIn::IsPinnedMemory(const void* pointer) const {
  const auto block = BlockOf(pinned_memory, pointer);
  return block != pinned_memory.end() && pointer < block->first + block->second;
}

}  // namespace peculiar
