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

// What is enqueued on `after` from now on waits for what `before` holds.
void Order(const c10::cuda::CUDAStream& before, const c10::cuda::CUDAStream& after) {
  at::cuda::CUDAEvent event;
  event.record(before);
  event.block(after);
}

}  // namespace

class GraphMemory {
 public:
  // For one more graph. LibTorch takes no graph in a pool that has held some and holds none.
  c10::MempoolId_t Enter() {
    if (graphs_++ == 0) pool_ = at::cuda::graph_pool_handle();
    return pool_;
  }
  void Leave() { --graphs_; }

  // The default one cannot capture; and LibTorch gives memory again to the stream alone that had
  // it.
  const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool();

 private:
  int graphs_ = 0;
  c10::MempoolId_t pool_;
};

struct StepGraph::Capture {
  explicit Capture(GraphMemory& graph_memory) : memory(graph_memory) {}
  ~Capture() {
    if (holds_memory) memory.Leave();
  }

  GraphMemory& memory;
  bool holds_memory = false;
  at::cuda::CUDAGraph graph;
  int runs = 0;

  // The stream captures no more afterwards, also when `work` has failed.
  void Take(const std::function<void()>& work) {
    // Other threads may ask CUDA for memory meanwhile: they build batches, and NCCL watches itself.
    const c10::MempoolId_t pool = memory.Enter();
    holds_memory = true;
    graph.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
    const absl::Status done = Guard("cannot capture a step", work);
    const absl::Status ended = Guard("cannot end a capture", [&] { graph.capture_end(); });
    for (const absl::Status& status : {done, ended}) {
      TORCH_CHECK(status.ok(), std::string(MessageOf(status)));
    }
  }
};

void StepGraph::Run(const std::function<void()>& work) {
  if (memory_ == nullptr) return work();
  if (capture_ == nullptr) capture_ = std::make_unique<Capture>(*memory_);
  Capture& capture = *capture_;
  const c10::cuda::CUDAStream outer = c10::cuda::getCurrentCUDAStream();
  Order(outer, memory_->stream);
  {
    const c10::cuda::CUDAStreamGuard guard(memory_->stream);
    if (capture.runs < kRunsBeforeCapture) {
      work();
    } else {
      if (capture.runs == kRunsBeforeCapture) {
        // What the runs before have left cached cannot be given back while it captures.
        c10::cuda::CUDACachingAllocator::emptyCache();
        capture.Take(work);
      }
      capture.graph.replay();
    }
    ++capture.runs;
  }
  Order(memory_->stream, outer);
}
#else
class GraphMemory {};

struct StepGraph::Capture {};

void StepGraph::Run(const std::function<void()>& work) { work(); }
#endif

std::shared_ptr<GraphMemory> NewGraphMemory() { return std::make_shared<GraphMemory>(); }

StepGraph::StepGraph(std::shared_ptr<GraphMemory> memory) : memory_(std::move(memory)) {}
StepGraph::~StepGraph() = default;

}  // namespace peculiar
