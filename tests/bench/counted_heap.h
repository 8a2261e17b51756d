// Counts what a benchmark asks the C++ heap for: linking counted_heap.cc replaces operator new of
// the whole program. Of the calling thread alone.
#pragma once

#include <cstdint>

namespace peculiar {

struct HeapCount {
  std::uint64_t allocations = 0;
  std::uint64_t bytes = 0;
};

// Since the thread began.
HeapCount CountedHeap();

}  // namespace peculiar
