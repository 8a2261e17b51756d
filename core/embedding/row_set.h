// Rows of a matrix or a catalogue as bits, one a row: what a filter lets pass and a search looks
// at. Operations go word by word, 64 rows at a time. A value; not for concurrent writing.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace peculiar {

class RowSet {
 public:
  static constexpr std::size_t kWordRows = 64;

  RowSet() = default;
  explicit RowSet(std::size_t size) { Reset(size); }  // of `size` rows, none in it

  // Of `size` rows, none in it; memory is kept.
  void Reset(std::size_t size) {
    size_ = size;
    words_.assign((size + kWordRows - 1) / kWordRows, 0);
  }

  std::size_t size() const { return size_; }  // of the rows that could be in it
  bool Has(std::size_t row) const {
    return (words_[row / kWordRows] >> (row % kWordRows) & 1) != 0;
  }
  void Add(std::size_t row) { words_[row / kWordRows] |= Bit(row); }
  void Remove(std::size_t row) { words_[row / kWordRows] &= ~Bit(row); }
  void AddAll() {
    std::fill(words_.begin(), words_.end(), ~std::uint64_t{0});
    if (size_ % kWordRows != 0) words_.back() = Bit(size_) - 1;
  }

  // Of another set of as many rows.
  void Add(const RowSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  void Remove(const RowSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  }
  void Keep(const RowSet& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  // Keeps what is in `inside` and not in `outside`.
  void Keep(const RowSet& inside, const RowSet& outside) {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      words_[i] &= inside.words_[i] & ~outside.words_[i];
    }
  }

  // Rows in it. O(size / 64).
  std::size_t Count() const;

  // 64 rows from row 64 i, the lowest bit first; bits past the last row are 0.
  std::span<const std::uint64_t> words() const { return words_; }

  // visit(row) for every row in it, rising.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(i * kWordRows + static_cast<std::size_t>(std::countr_zero(word)));
      }
    }
  }

  bool operator==(const RowSet&) const = default;

 private:
  static std::uint64_t Bit(std::size_t row) { return std::uint64_t{1} << (row % kWordRows); }

  std::size_t size_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace peculiar
