// Products by tensor cores in bfloat16, and the pairs of numbers that their registers hold. For .cu
// files only; a warp's 32 threads call together.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "core/cuda/number.h"

namespace peculiar {

// Two neighbouring numbers in a register.
__device__ inline std::uint32_t Pack(BFloat16 low, BFloat16 high) {
  return static_cast<std::uint32_t>(low.bits) | static_cast<std::uint32_t>(high.bits) << 16;
}
__device__ inline std::uint32_t Pack(float low, float high) {
  return Pack(FromFloat<BFloat16>(low), FromFloat<BFloat16>(high));
}
__device__ inline float Low(std::uint32_t pair) { return __uint_as_float(pair << 16); }
__device__ inline float High(std::uint32_t pair) { return __uint_as_float(pair & 0xffff0000u); }
__device__ inline std::uint32_t& PairAt(BFloat16* array) {
  return *reinterpret_cast<std::uint32_t*>(array);
}

// An operand of 16 rows and 16 deep; every lane names the row that MmaA says.
__device__ inline void LoadA(const BFloat16* row, std::uint32_t (&a)[4]) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3])
               : "r"(address)
               : "memory");
}

__device__ inline void MultiplyAdd(const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                                   float (&sum)[4]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

}  // namespace peculiar
