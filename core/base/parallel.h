// Independent pieces of work over a fixed number of threads. The pieces must not depend on each
// other or on the thread that runs them, so results never depend on the thread count.
#pragma once

#include <cstddef>
#include <functional>

#include "core/base/status.h"

namespace peculiar {

// Hardware threads, at least 1.
int HardwareThreads();

// Calls work(i) for i in [0, n), each once, on up to `threads` threads (0 = all cores;
// fewer when the system has no more); returns
// when all have ended. After an error no further piece starts; the error of the lowest failed i is
// returned. Exceptions of a piece are errors: RESOURCE_EXHAUSTED for std::bad_alloc, else INTERNAL.
absl::Status ParallelFor(std::size_t n, int threads,
                         const std::function<absl::Status(std::size_t)>& work);

}  // namespace peculiar
