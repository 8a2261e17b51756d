#include "tests/bench/counted_heap.h"

#include <cstdlib>
#include <new>

namespace peculiar {
namespace {

thread_local HeapCount count;

}  // namespace

HeapCount CountedHeap() { return count; }

}  // namespace peculiar

void* operator new(std::size_t size) {
  ++peculiar::count.allocations;
  peculiar::count.bytes += size;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
