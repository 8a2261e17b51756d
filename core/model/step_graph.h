// One piece of GPU work that is done again and again, as a CUDA graph (internal to core/model:
// includes LibTorch). A training step is thousands of small kernels; launched one by one they leave
// the GPU idle most of the time.
#pragma once

#include <functional>
#include <memory>

namespace peculiar {

// The memory and the stream of graphs that are replayed one after the other. What one makes on its
// way may be written over by another's replay, and what it leaves for its caller too: take it
// before the next Run of any.
class GraphMemory;
// On the current GPU.
std::shared_ptr<GraphMemory> NewGraphMemory();

// Not for concurrent use.
class StepGraph {
 public:
  static constexpr int kRunsBeforeCapture = 3;

  explicit StepGraph(std::shared_ptr<GraphMemory> memory);
  ~StepGraph();
  StepGraph(const StepGraph&) = delete;
  StepGraph& operator=(const StepGraph&) = delete;

  // Does `work`: kRunsBeforeCapture times as it is, so that libraries choose their kernels; then it
  // is captured, and from then on the capture is replayed and `work` is not called. So it must do
  // the same on the same tensors each time, ask nothing of the GPU, and keep what it makes. On the
  // current GPU, in the order of its current stream. Throws c10::Error: call inside Guard; then
  // this is unusable. Without memory (on the CPU), or in a program without CUDA: always `work`
  // itself.
  void Run(const std::function<void()>& work);

 private:
  struct Capture;
  const std::shared_ptr<GraphMemory> memory_;
  std::unique_ptr<Capture> capture_;
};

}  // namespace peculiar
