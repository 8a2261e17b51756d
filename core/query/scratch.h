// Memory of the size of the catalogue that a question needs while it is answered: taken from what
// the same thread used before and given back, so that questions do not allocate by the size of the
// catalogue. A thread keeps what its deepest question needed at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/embedding/row_set.h"

namespace peculiar {

// Stays on the thread that made it.
template <typename T>
class Scratch {
 public:
  Scratch() {
    if (Free().empty()) return;
    value_ = std::move(Free().back());
    Free().pop_back();
  }
  ~Scratch() { Free().push_back(std::move(value_)); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T& operator*() { return value_; }
  T* operator->() { return &value_; }

 private:
  static std::vector<T>& Free() {
    thread_local std::vector<T> free;
    return free;
  }

  T value_;
};

// A set of rows, none in it at first.
class ScratchRows : public Scratch<RowSet> {
 public:
  explicit ScratchRows(std::size_t size) { (*this)->Reset(size); }
};

// Places in an order; holds what it held before.
using ScratchPlaces = Scratch<std::vector<std::uint32_t>>;

}  // namespace peculiar
