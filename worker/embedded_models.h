// Which models of a workspace have embeddings: what the verbs after embed work on when none is
// named. Reads the workspace; no state.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/workspace.h"

namespace peculiar::worker {

// By name; those without embeddings go to `skipped`. NOT_FOUND when none has some.
absl::StatusOr<std::vector<std::string>> EmbeddedModels(const Workspace& workspace,
                                                        std::vector<std::string>& skipped);

}  // namespace peculiar::worker
