// Internal to the room: squared distances in float of one query to many rows, with the widest
// vector instructions that the CPU has, chosen when the program runs. The last bits depend on them;
// rounding.h bounds how far, and the searches decide in double, so that no result does. Pure
// functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/embedding/matrix.h"

namespace peculiar {

// Of rows first to first + squared.size() - 1 of `vectors`. Infinity where the sum overflows.
void SquaredDistances(std::span<const float> query, Matrix vectors, std::size_t first,
                      std::span<float> squared);

// Of the rows that are named, as many as `squared` is long.
void SquaredDistancesOf(std::span<const float> query, Matrix vectors,
                        std::span<const std::uint32_t> rows, std::span<float> squared);

}  // namespace peculiar
