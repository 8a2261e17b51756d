// Where this process stands among those that train together, as launchers say it in the
// environment: torchrun, or a line of shell under Slurm (docs/deployment.md).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/status.h"
#include "core/model/device.h"
#include "core/model/process_group.h"

namespace peculiar::worker {

// A variable's value; null when it is not set. std::getenv is one.
using Environment = std::function<const char*(const char*)>;

// From RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT: none when no one of them is set, or
// WORLD_SIZE is 1; and from what torchrun says beside them. INVALID_ARGUMENT naming the variable
// that is missing or wrong, its value and what is expected.
absl::StatusOr<std::optional<ProcessPlace>> ReadProcessPlace(const Environment& environment);

// Threads for each of the LOCAL_WORLD_SIZE processes of this machine, at least 1; 0 (all cores)
// when that variable is not set. INVALID_ARGUMENT when it is no number above 0.
absl::StatusOr<int> ReadThreads(const Environment& environment);

// `device` with the GPU that LOCAL_RANK says, this process's number on its machine, unless it names
// one itself or is the CPU. `gpus`: the answer of CountGpus; when there are none, or LOCAL_RANK is
// not set, `device` as it is. INVALID_ARGUMENT when LOCAL_RANK is no number of a GPU.
absl::StatusOr<Device> ReadGpu(const Environment& environment, const Device& device,
                               const absl::StatusOr<int>& gpus);

}  // namespace peculiar::worker
