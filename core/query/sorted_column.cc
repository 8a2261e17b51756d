#include "core/query/sorted_column.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace peculiar {
namespace {

constexpr std::uint32_t kUnranked = std::numeric_limits<std::uint32_t>::max();

// Below one row in so many, sorting the places of a set is cheaper than walking all of them.
constexpr std::size_t kFew = 32;

}  // namespace

SortedColumn::SortedColumn(const std::vector<double>& values) : places_(values.size(), kUnranked) {
  struct Entry {
    double value;
    std::uint32_t row;
  };
  std::vector<Entry> entries;
  entries.reserve(values.size());
  for (std::uint32_t row = 0; row < values.size(); ++row) {
    if (std::isfinite(values[row])) entries.push_back({values[row], row});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.value != b.value ? a.value > b.value : a.row < b.row;
  });
  values_.reserve(entries.size());
  ranking_.reserve(entries.size());
  for (const Entry& entry : entries) {
    places_[entry.row] = static_cast<std::uint32_t>(ranking_.size());
    ranking_.push_back(entry.row);
    values_.push_back(entry.value);
  }
  step_ = std::max(kLeastStep, (ranking_.size() + kMarks - 1) / kMarks);
  RowSet mark(values.size());
  for (std::size_t place = 0; place < ranking_.size(); ++place) {
    if (place % step_ == 0) marks_.push_back(mark);
    mark.Add(ranking_[place]);
  }
  marks_.push_back(std::move(mark));
}

std::optional<double> SortedColumn::value(std::size_t row) const {
  return places_[row] == kUnranked ? std::nullopt : std::optional(values_[places_[row]]);
}

int SortedColumn::rank(std::size_t row) const {
  assert(places_[row] != kUnranked);
  return static_cast<int>(places_[row]) + 1;
}

double SortedColumn::percentile_at(std::size_t place) const {
  const std::size_t ranked = ranking_.size();
  return 100.0 * static_cast<double>(ranked - TiesOf(place).begin) / static_cast<double>(ranked);
}

SortedColumn::Slice SortedColumn::Between(std::optional<double> low,
                                          std::optional<double> high) const {
  Slice slice = all();
  if (high) {
    slice.begin =
        static_cast<std::size_t>(std::partition_point(values_.begin(), values_.end(),
                                                      [&](double value) { return value > *high; }) -
                                 values_.begin());
  }
  if (low) {
    slice.end =
        static_cast<std::size_t>(std::partition_point(values_.begin(), values_.end(),
                                                      [&](double value) { return value >= *low; }) -
                                 values_.begin());
  }
  return {slice.begin, std::max(slice.begin, slice.end)};
}

SortedColumn::Slice SortedColumn::TiesOf(std::size_t place) const {
  const double value = values_[place];
  // Most values are alone: no search for them.
  const bool alone = (place == 0 || values_[place - 1] != value) &&
                     (place + 1 == values_.size() || values_[place + 1] != value);
  return alone ? Slice{place, place + 1} : Between(value, value);
}

SortedColumn::Slice SortedColumn::BetweenPercentiles(std::optional<double> low,
                                                     std::optional<double> high) const {
  // Percentiles fall with the places.
  const auto first = [&](const auto& is_before) {
    std::size_t begin = 0, end = ranking_.size();
    while (begin < end) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (is_before(percentile_at(middle))) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin;
  };
  Slice slice = all();
  if (high) slice.begin = first([&](double percentile) { return percentile > *high; });
  if (low) slice.end = first([&](double percentile) { return percentile >= *low; });
  return {slice.begin, std::max(slice.begin, slice.end)};
}

void SortedColumn::Keep(Slice slice, RowSet& rows) const {
  if (slice.size() == size()) return;
  // Between the marks around the slice, then without what lies beyond it, row by row.
  const std::size_t first = slice.begin / step_;
  const std::size_t last = std::min((slice.end + step_ - 1) / step_, marks_.size() - 1);
  rows.Keep(marks_[last], marks_[first]);
  for (std::size_t i = first * step_; i < slice.begin; ++i) rows.Remove(ranking_[i]);
  const std::size_t end = std::min(last * step_, ranking_.size());
  for (std::size_t i = slice.end; i < end; ++i) rows.Remove(ranking_[i]);
}

std::size_t SortedColumn::CountIn(Slice slice, const RowSet& rows) const {
  std::size_t count = 0;
  for (std::size_t i = slice.begin; i < slice.end; ++i) count += rows.Has(ranking_[i]) ? 1 : 0;
  return count;
}

void SortedColumn::PlacesOf(const RowSet& rows, std::size_t count,
                            std::vector<std::uint32_t>& places) const {
  places.clear();
  if (count < size() / kFew) {
    rows.ForEach([&](std::size_t row) {
      if (places_[row] != kUnranked) places.push_back(places_[row]);
    });
    std::sort(places.begin(), places.end());
    return;
  }
  // Written whether it is in the set or not: a branch that nobody can foresee costs ten times more.
  places.resize(count + 1);
  std::size_t found = 0;
  for (std::size_t place = 0; place < ranking_.size() && found < count; ++place) {
    places[found] = static_cast<std::uint32_t>(place);
    found += rows.Has(ranking_[place]) ? 1 : 0;
  }
  places.resize(found);
}

}  // namespace peculiar
