// Internal to the room: a snapshot's content checked and put in its final form before anything is
// written.
#pragma once

#include "core/base/status.h"
#include "core/snapshot/builder.h"

namespace peculiar {

// Puts the default model first, ranks the scores into catalog.scores, lists the spaces in
// catalog.spaces, writes training figures in one form, and checks what PublishSnapshot promises to
// refuse. What needs neighbours is left for later: agreements are 1, repeats empty.
// INVALID_ARGUMENT.
absl::Status CompleteContent(SnapshotContent& content);

}  // namespace peculiar
