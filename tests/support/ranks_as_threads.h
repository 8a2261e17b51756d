// For tests whose ranks are threads of one process. LibTorch 2 keeps a record of sums for the whole
// process, which crashes when two groups write it at once: including this switches it off.
#pragma once

#include <cstdlib>

namespace peculiar {

inline const int kNoRecordOfSums = setenv("TORCH_FR_BUFFER_SIZE", "0", /*overwrite=*/1);

}  // namespace peculiar
