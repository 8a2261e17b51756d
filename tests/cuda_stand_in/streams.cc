// Streams, events, captures and graphs. Streams are taken for ones that do not wait for the default
// stream, as LibTorch's. The rules: CUDA C++ Programming Guide, "CUDA Graphs", creation of a graph
// by stream capture.
#include <utility>

#include "tests/cuda_stand_in/stand_in.h"

using peculiar::StandIn;
using peculiar::StandInCapture;
using peculiar::StandInEvent;
using peculiar::StandInGraph;
using peculiar::StandInStream;

namespace {

cudaError_t NewStream(cudaStream_t* stream) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.MayDisturb("cudaStreamCreate")) return error;
  auto* made = new StandInStream;
  state.streams.insert(made);
  *stream = reinterpret_cast<cudaStream_t>(made);
  return cudaSuccess;
}

StandInEvent& EventOf(cudaEvent_t event) { return *reinterpret_cast<StandInEvent*>(event); }

// Asking whether a stream is done.
cudaError_t Await(cudaStream_t stream, const char* what) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  StandInCapture* capture = state.StreamOf(stream).capture;
  if (capture == nullptr) return cudaSuccess;
  return state.Broken(cudaErrorStreamCaptureUnsupported,
                      std::string(what) + " of a captured stream", capture);
}

cudaError_t AwaitEvent(cudaEvent_t event, const char* what) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (const cudaError_t error = state.MayDisturb(what)) return error;
  if (EventOf(event).capture_id == 0) return cudaSuccess;
  return state.Broken(cudaErrorCapturedEvent, std::string(what) + " of a captured event",
                      state.CaptureOf(EventOf(event).capture_id));
}

}  // namespace

PECULIAR_STAND_IN cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return NewStream(stream);
}

PECULIAR_STAND_IN cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) {
  return NewStream(stream);
}

PECULIAR_STAND_IN cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return Await(stream, "cudaStreamSynchronize");
}

PECULIAR_STAND_IN cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return Await(stream, "cudaStreamQuery");
}

PECULIAR_STAND_IN cudaError_t cudaDeviceSynchronize() {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  if (state.captures.empty()) return cudaSuccess;
  return state.Broken(cudaErrorStreamCaptureUnsupported, "cudaDeviceSynchronize beside a capture",
                      &state.captures.begin()->second);
}

PECULIAR_STAND_IN cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = reinterpret_cast<cudaEvent_t>(new StandInEvent);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete &EventOf(event);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  StandInStream& recorded = state.StreamOf(stream);
  EventOf(event) = {&recorded, recorded.work,
                    recorded.capture == nullptr ? 0 : recorded.capture->id};
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream,
                                                       unsigned) {
  return cudaEventRecord(event, stream);
}

PECULIAR_STAND_IN cudaError_t cudaEventQuery(cudaEvent_t event) {
  return AwaitEvent(event, "cudaEventQuery");
}

PECULIAR_STAND_IN cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return AwaitEvent(event, "cudaEventSynchronize");
}

PECULIAR_STAND_IN cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  *milliseconds = 1;
  return cudaSuccess;
}

// A stream that waits for an event of a capture is drawn into it.
PECULIAR_STAND_IN cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event,
                                                  unsigned) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  StandInStream& waiting = state.StreamOf(stream);
  const StandInEvent& awaited = EventOf(event);
  if (awaited.stream == nullptr) return cudaSuccess;
  if (awaited.capture_id == 0) {
    if (waiting.capture == nullptr) return cudaSuccess;
    return state.Broken(cudaErrorStreamCaptureIsolation,
                        "a capture waits for what is outside of it", waiting.capture);
  }
  StandInCapture* capture = state.CaptureOf(awaited.capture_id);
  if (capture == nullptr) {
    return state.Broken(cudaErrorCapturedEvent, "a wait for an event of a capture that is over",
                        waiting.capture);
  }
  if (waiting.capture != nullptr && waiting.capture != capture) {
    return state.Broken(cudaErrorStreamCaptureMerge, "two captures wait for each other", capture);
  }
  awaited.stream->awaited = awaited.work;
  waiting.capture = capture;
  if (&waiting != capture->origin) capture->others.insert(&waiting);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, peculiar::stand_in_mode);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaStreamBeginCapture(cudaStream_t stream,
                                                     cudaStreamCaptureMode mode) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  StandInStream& captured = state.StreamOf(stream);
  if (state.streams.count(&captured) == 0) {
    return state.Broken(cudaErrorStreamCaptureImplicit, "a capture of the default stream", nullptr);
  }
  if (captured.capture != nullptr) {
    return state.Broken(cudaErrorIllegalState, "a capture of a captured stream", captured.capture);
  }
  const std::uint64_t id = ++state.last_capture;
  state.captures[id] = {id, mode, std::this_thread::get_id(), {}, &captured, {}, false};
  captured.capture = &state.captures[id];
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  *graph = nullptr;
  StandInStream& ending = state.StreamOf(stream);
  StandInCapture* capture = ending.capture;
  if (capture == nullptr)
    return state.Broken(cudaErrorIllegalState, "the end of no capture", nullptr);
  if (capture->origin != &ending) {
    return state.Broken(cudaErrorStreamCaptureUnmatched, "a capture's end in another stream",
                        capture);
  }
  if (capture->mode != cudaStreamCaptureModeRelaxed &&
      capture->thread != std::this_thread::get_id()) {
    return state.Broken(cudaErrorStreamCaptureWrongThread, "a capture's end in another thread",
                        capture);
  }
  for (StandInStream* other : capture->others) {
    other->capture = nullptr;
    if (other->awaited < other->work) {
      state.Broken(cudaErrorStreamCaptureUnjoined, "a capture's end before one of its streams",
                   capture);
    }
  }
  ending.capture = nullptr;
  const StandInCapture ended = std::move(*capture);
  state.captures.erase(ended.id);
  if (ended.broken) return peculiar::stand_in_error = cudaErrorStreamCaptureInvalidated;
  *graph = reinterpret_cast<cudaGraph_t>(new StandInGraph(ended.graph));
  ++state.captured;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaStreamIsCapturing(cudaStream_t stream,
                                                    cudaStreamCaptureStatus* status) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  const StandInCapture* capture = state.StreamOf(stream).capture;
  *status = capture == nullptr ? cudaStreamCaptureStatusNone
            : capture->broken  ? cudaStreamCaptureStatusInvalidated
                               : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream,
                                                       cudaStreamCaptureStatus* status,
                                                       unsigned long long* id, cudaGraph_t* graph,
                                                       const cudaGraphNode_t** nodes,
                                                       const cudaGraphEdgeData** edges,
                                                       std::size_t* count) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  cudaStreamIsCapturing(stream, status);
  StandInCapture* capture = state.StreamOf(stream).capture;
  if (id != nullptr) *id = capture == nullptr ? 0 : capture->id;
  if (graph != nullptr) {
    *graph = capture == nullptr ? nullptr : reinterpret_cast<cudaGraph_t>(&capture->graph);
  }
  if (nodes != nullptr) *nodes = nullptr;
  if (edges != nullptr) *edges = nullptr;
  if (count != nullptr) *count = 0;
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t*,
                                                std::size_t* count) {
  *count = static_cast<std::size_t>(reinterpret_cast<StandInGraph*>(graph)->nodes);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* made,
                                                            cudaGraph_t graph, unsigned long long) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  auto* copy = new StandInGraph(*reinterpret_cast<StandInGraph*>(graph));
  state.graphs.insert(copy);
  *made = reinterpret_cast<cudaGraphExec_t>(copy);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaGraphLaunch(cudaGraphExec_t made, cudaStream_t stream) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  auto* graph = reinterpret_cast<StandInGraph*>(made);
  if (state.graphs.count(graph) == 0) {
    return state.Broken(cudaErrorInvalidValue, "a launch of a graph that is gone", nullptr);
  }
  for (const void* end : graph->copied) {
    if (!state.IsDeviceMemory(end) && !state.IsPinnedMemory(end)) {
      return state.Broken(cudaErrorIllegalAddress, "a graph copies memory that is gone", nullptr);
    }
  }
  ++state.replays;
  return state.Enqueue(stream, "cudaGraphLaunch");
}

PECULIAR_STAND_IN cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete reinterpret_cast<StandInGraph*>(graph);
  return cudaSuccess;
}

PECULIAR_STAND_IN cudaError_t cudaGraphExecDestroy(cudaGraphExec_t made) {
  StandIn& state = StandIn::Get();
  const std::lock_guard lock(state.mutex);
  auto* graph = reinterpret_cast<StandInGraph*>(made);
  state.graphs.erase(graph);
  delete graph;
  return cudaSuccess;
}
