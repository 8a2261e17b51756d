// Internal to the room: the nearest rows of one query so far, proposed by squared distances in
// float and decided by distances in double, so that rounding in float never decides. Borrows the
// vectors and the query. Not for concurrent use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/embedding/matrix.h"
#include "core/embedding/neighbors.h"

namespace peculiar {

class Candidates {
 public:
  // skipped: a row that is never proposed; vectors.rows or more: none. Requires k >= 1.
  Candidates(Matrix vectors, std::span<const float> query, std::size_t k, std::size_t skipped);

  // Rows further than this, as a squared distance, are of no interest. It only ever falls, so that
  // no row that belongs to the k nearest is passed over.
  float limit() const { return limit_; }

  // Rows must come in rising order.
  void Add(std::size_t row, float squared) {
    if (!(squared <= limit_) || row == skipped_) return;
    Keep(row, squared);
  }

  // The nearest by the true distance, ties by row: k, or all that were added when there are fewer.
  NeighborList Finish();

 private:
  struct Found {
    float squared;
    std::uint32_t row;
  };

  void Keep(std::size_t row, float squared);
  bool IsDuplicate(std::size_t row) const;
  void Tighten();

  Matrix vectors_;
  std::span<const float> query_;
  std::size_t k_;
  std::size_t skipped_;
  std::size_t capacity_;
  std::size_t duplicates_ = 0;
  float limit_ = std::numeric_limits<float>::infinity();
  std::vector<Found> found_;
};

}  // namespace peculiar
