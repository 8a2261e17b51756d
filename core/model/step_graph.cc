#include "core/model/step_graph.h"

#ifdef PECULIAR_WITH_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "core/model/guard.h"
#endif

namespace peculiar {

#ifdef PECULIAR_WITH_CUDA
namespace {

constexpr int kRunsBeforeCapture = 3;

// What is enqueued on `after` from now on waits for what `before` holds.
void Order(const c10::cuda::CUDAStream& before, const c10::cuda::CUDAStream& after) {
  at::cuda::CUDAEvent event;
  event.record(before);
  event.block(after);
}

}  // namespace

GraphMemory NewGraphMemory() { return at::cuda::graph_pool_handle(); }

struct StepGraph::Capture {
  c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();  // the default one cannot capture
  at::cuda::CUDAGraph graph;
  int runs = 0;

  // The stream captures no more afterwards, also when `work` has failed.
  void Take(const GraphMemory& memory, const std::function<void()>& work) {
    // Other threads may ask CUDA for memory meanwhile: they build batches, and NCCL watches itself.
    graph.capture_begin(memory, cudaStreamCaptureModeThreadLocal);
    const absl::Status done = Guard("cannot capture a step", work);
    const absl::Status ended = Guard("cannot end a capture", [&] { graph.capture_end(); });
    for (const absl::Status& status : {done, ended}) {
      TORCH_CHECK(status.ok(), std::string(MessageOf(status)));
    }
  }
};

void StepGraph::Run(const std::function<void()>& work) {
  if (capture_ == nullptr) capture_ = std::make_unique<Capture>();
  Capture& capture = *capture_;
  const c10::cuda::CUDAStream outer = c10::cuda::getCurrentCUDAStream();
  Order(outer, capture.stream);
  {
    const c10::cuda::CUDAStreamGuard guard(capture.stream);
    if (capture.runs < kRunsBeforeCapture) {
      work();
    } else {
      if (capture.runs == kRunsBeforeCapture) {
        // What the runs before have left cached cannot be given back while it captures.
        c10::cuda::CUDACachingAllocator::emptyCache();
        capture.Take(memory_, work);
      }
      capture.graph.replay();
    }
    ++capture.runs;
  }
  Order(capture.stream, outer);
}
#else
GraphMemory NewGraphMemory() { return {}; }

struct StepGraph::Capture {};

void StepGraph::Run(const std::function<void()>& work) { work(); }
#endif

StepGraph::StepGraph(const GraphMemory& memory) : memory_(memory) {}
StepGraph::~StepGraph() = default;

}  // namespace peculiar
