// What the processes that train together make of their parts of a batch. Internal to this room
// (includes LibTorch). Collective, as ProcessGroup.
#pragma once

#include <torch/types.h>

#include <vector>

#include "core/base/json.h"
#include "core/model/process_group.h"
#include "core/network/fused_network.h"

namespace peculiar {

struct SharedStep {
  StepLoss loss;            // of the whole batch
  bool stop_asked = false;  // of any process
};

// One sum over the processes of a step's gradients, losses and wishes to stop, in float32. `part`:
// the loss of this process's part, which is `share` (0 to 1) of the batch. Replaces .grad of the
// parameters, that of the part's loss, by that of the whole batch's; with a share of 0 they need
// none. Without parameters: the loss alone, as of a test. Errors of ProcessGroup::Sum.
absl::StatusOr<SharedStep> SumStep(ProcessGroup& group,
                                   const std::vector<torch::Tensor>& parameters,
                                   const StepLoss& part, double share, bool stop_asked);

// FAILED_PRECONDITION naming what differs in `start` (a JSON object) from that of rank 0.
absl::Status CheckSameStart(ProcessGroup& group, const Json& start);

}  // namespace peculiar
