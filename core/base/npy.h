// NumPy's .npy, format 1.0, for arrays in C order whose shape is known before their numbers.
// numpy.load reads it, also as a memory map; nothing here reads it back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace peculiar {

// What stands before the numbers, which are little-endian; a multiple of 64 bytes. `type` as NumPy
// names it: "<f4" is float32, "|b1" bool.
std::string NpyHeader(std::string_view type, std::span<const std::int64_t> shape);

}  // namespace peculiar
