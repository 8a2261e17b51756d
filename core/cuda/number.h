// Numbers as device code keeps and computes them: stored as float or BFloat16, four at a time, and
// computed as float. Host and device; plain C++ includes it too.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#include <cuda_bf16.h>
#define PECULIAR_HOST_DEVICE __host__ __device__
#else
#define PECULIAR_HOST_DEVICE
#endif

namespace peculiar {

// The upper half of a float: its range, with 8 bits of precision.
struct BFloat16 {
  std::uint16_t bits = 0;
};

PECULIAR_HOST_DEVICE inline float ToFloat(float x) { return x; }
PECULIAR_HOST_DEVICE inline float ToFloat(BFloat16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x.bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Rounded to the nearest, ties to even; a NaN stays a NaN.
template <typename T>
PECULIAR_HOST_DEVICE T FromFloat(float x);
template <>
PECULIAR_HOST_DEVICE inline float FromFloat<float>(float x) {
  return x;
}
template <>
PECULIAR_HOST_DEVICE inline BFloat16 FromFloat<BFloat16>(float x) {
#ifdef __CUDA_ARCH__
  return {__bfloat16_as_ushort(__float2bfloat16_rn(x))};
#else
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return {static_cast<std::uint16_t>(bits >> 16 | 0x40u)};
  return {static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
#endif
}

// Four neighbouring numbers, moved by one instruction: 16 bytes of floats, 8 of BFloat16. Arrays of
// device memory start on such a boundary and their pixels are multiples of four long.
struct Four {
  float values[4];
};
template <typename T>
struct alignas(4 * sizeof(T)) StoredFour {
  T values[4];
};

// A null array reads as zeros.
template <typename T>
PECULIAR_HOST_DEVICE inline Four LoadFour(const T* array, std::int64_t offset) {
  Four four = {};
  if (array == nullptr) return four;
  const auto stored = *reinterpret_cast<const StoredFour<T>*>(array + offset);
  for (int k = 0; k < 4; ++k) four.values[k] = ToFloat(stored.values[k]);
  return four;
}
template <typename T>
PECULIAR_HOST_DEVICE inline void StoreFour(const Four& four, T* array, std::int64_t offset) {
  StoredFour<T> stored;
  for (int k = 0; k < 4; ++k) stored.values[k] = FromFloat<T>(four.values[k]);
  *reinterpret_cast<StoredFour<T>*>(array + offset) = stored;
}

}  // namespace peculiar
