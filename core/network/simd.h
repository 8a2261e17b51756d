// Which instruction sets the kernels are compiled for; comes before any header of Highway. AVX2 and
// AVX-512 give equal bits, both by fused multiply-adds; below AVX2 there is plain scalar code.
// Highway is used by the kernel files of this room alone.
#pragma once

#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
