// A fixed array for SIMD: starts on a cache line, starts as zeros, and ends in slack that a whole
// vector may read or write past the last value. Owned memory; moves, never copies.
#pragma once

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
      : size_(size), values_(static_cast<T*>(::operator new(Bytes(size), kAlignment))) {
    std::fill_n(values_.get(), size + kSlack, T(0));
  }

  T* data() const { return values_.get(); }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return values_.get()[i]; }
  void Clear() { std::fill_n(values_.get(), size_, T(0)); }

 private:
  static constexpr std::align_val_t kAlignment{64};
  static constexpr std::size_t kSlack = 64;  // values
  static std::size_t Bytes(std::size_t size) { return (size + kSlack) * sizeof(T); }
  struct Free {
    void operator()(T* values) const { ::operator delete(values, kAlignment); }
  };

  std::size_t size_ = 0;
  std::unique_ptr<T[], Free> values_;
};

}  // namespace peculiar
