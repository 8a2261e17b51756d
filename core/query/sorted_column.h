// One number of every galaxy in its order: what listings are ranked by and what ranges of a filter
// are cut from. Sets of rows lie along the order, so that a range of half the galaxies costs no
// more than one of a few. 32 bytes a row. Borrows nothing; immutable; safe for concurrent use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/embedding/row_set.h"

namespace peculiar {

class SortedColumn {
 public:
  // A piece of the order: places begin to end - 1.
  struct Slice {
    std::size_t begin = 0, end = 0;
    std::size_t size() const { return end - begin; }
  };

  // values: one a galaxy, by row. One that is not finite is not ranked. O(n log n).
  explicit SortedColumn(const std::vector<double>& values);

  std::size_t size() const { return places_.size(); }  // rows, ranked or not

  // Rows of the ranked galaxies: falling value, ties by row.
  std::span<const std::uint32_t> ranking() const { return ranking_; }
  double value_at(std::size_t place) const { return values_[place]; }  // of ranking()[place]

  // Absent when not ranked.
  std::optional<double> value(std::size_t row) const;
  // The next three ask for a ranked row; rank and percentile are as catalog/ranking.h defines them.
  std::size_t place(std::size_t row) const { return places_[row]; }
  int rank(std::size_t row) const;
  double percentile(std::size_t row) const { return percentile_at(places_[row]); }  // O(log n)
  double percentile_at(std::size_t place) const;

  Slice all() const { return {0, ranking_.size()}; }
  // Places with a value in [low, high]; absent = unbounded. O(log n).
  Slice Between(std::optional<double> low, std::optional<double> high) const;
  // Places with a percentile in [low, high]. O(log n).
  Slice BetweenPercentiles(std::optional<double> low, std::optional<double> high) const;
  // How many of the slice's rows are in `rows`. O(slice).
  std::size_t CountIn(Slice slice, const RowSet& rows) const;

  // Places with the value of `place`. O(log n).
  Slice TiesOf(std::size_t place) const;

  // Takes out of `rows` what is not in the slice. O(n / 64).
  void Keep(Slice slice, RowSet& rows) const;

  // Places of the ranked rows in `rows`, rising; replaces `places`. `count` is rows.Count(). O(n),
  // less when they are few.
  void PlacesOf(const RowSet& rows, std::size_t count, std::vector<std::uint32_t>& places) const;

 private:
  static constexpr std::size_t kMarks = 128;
  static constexpr std::size_t kLeastStep = 1024;

  std::vector<double> values_;          // by place
  std::vector<std::uint32_t> ranking_;  // by place
  std::vector<std::uint32_t> places_;   // by row; kUnranked
  std::size_t step_ = kLeastStep;
  std::vector<RowSet> marks_;  // [i]: rows of the places before i * step_, the last: of all
};

// A column that is made when it is first asked for: who asks first waits for the sort, and who asks
// meanwhile for him.
class LazyColumn {
 public:
  // values: called at most once, from any thread; what it borrows must outlive this.
  explicit LazyColumn(std::function<std::vector<double>()> values) : values_(std::move(values)) {}

  const SortedColumn& get() const {
    std::call_once(once_, [this] { column_.emplace(values_()); });
    return *column_;
  }

 private:
  std::function<std::vector<double>()> values_;
  mutable std::once_flag once_;
  mutable std::optional<SortedColumn> column_;
};

}  // namespace peculiar
