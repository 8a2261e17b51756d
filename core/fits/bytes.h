// A growable run of bytes that is neither zeroed nor copied when it grows: an inflated cube is
// hundreds of MB, and realloc remaps such blocks instead of copying. Move only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

namespace peculiar {

class Bytes {
 public:
  Bytes() = default;
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Bytes() { std::free(data_); }

  std::size_t size() const { return size_; }
  std::span<const std::byte> span() const { return {data_, size_}; }
  std::span<std::byte> span() { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

  // Where the next bytes go: at least `n` of them, of undefined content, valid until the next call.
  // Capacity grows by doubling; untouched pages cost no memory. Empty when memory has run out.
  std::span<std::byte> Tail(std::size_t n) {
    if (capacity_ - size_ < n) {
      const std::size_t capacity = std::max(size_ + n, 2 * capacity_);
      void* grown = std::realloc(data_, capacity);
      if (grown == nullptr) return {};
      data_ = static_cast<std::byte*>(grown);
      capacity_ = capacity;
    }
    return {data_ + size_, capacity_ - size_};
  }
  // Takes the first `n` bytes of Tail into the content.
  void Extend(std::size_t n) { size_ += n; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace peculiar
