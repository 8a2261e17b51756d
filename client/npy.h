// NumPy's .npy, format 1.0, for a matrix of float32 in C order whose size is known before its rows.
// numpy.load reads it, also as a memory map.
#pragma once

#include <cstdint>
#include <string>

namespace peculiar::client {

// What stands before the numbers, little-endian; a multiple of 64 bytes.
std::string NpyHeader(std::int64_t rows, std::int64_t columns);

}  // namespace peculiar::client
