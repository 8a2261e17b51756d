// Which instruction sets the kernels are compiled for; comes before any header of Highway: vectors
// of unknown width cannot be held in arrays. Highway is used by the kernel files of this room
// alone.
#pragma once

#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
