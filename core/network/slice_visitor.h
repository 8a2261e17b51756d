// How a reconstruction leaves the network: slice by slice, while it is in the cache, so that scores
// need no second pass over memory.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <functional>
#include <span>

namespace peculiar {

// Called for every slice of every cube; image: [y][x] row-major, alive during the call alone. A
// cube's slices come in order, by one thread; several threads may call at once, each for a cube of
// its own.
template <typename T>
using SliceVisitor = std::function<void(std::size_t cube, int slice, std::span<const T> image)>;

// Copies them to cubes x slices x pixels values, which the caller keeps alive and long enough.
template <typename T>
SliceVisitor<T> CopySlices(int slices, std::span<T> reconstruction) {
  return [=](std::size_t cube, int slice, std::span<const T> image) {
    const std::size_t row =
        cube * static_cast<std::size_t>(slices) + static_cast<std::size_t>(slice);
    assert((row + 1) * image.size() <= reconstruction.size());
    std::copy(image.begin(), image.end(), reconstruction.data() + row * image.size());
  };
}

}  // namespace peculiar
