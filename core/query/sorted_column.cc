#include "core/query/sorted_column.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/query/scratch.h"

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

void SortedColumn::Mark(Slice slice, RowSet& rows) const {
  if (slice.size() <= 2 * step_) {
    for (std::size_t i = slice.begin; i < slice.end; ++i) rows.Add(ranking_[i]);
    return;
  }
  // From the nearest mark to the place itself, row by row.
  const auto nearest = [&](std::size_t place) {
    return std::min((place + step_ / 2) / step_, marks_.size() - 1);
  };
  const std::size_t last = nearest(slice.end);
  rows.Add(marks_[last]);
  for (std::size_t i = last * step_; i < slice.end; ++i) rows.Add(ranking_[i]);
  for (std::size_t i = slice.end; i < last * step_; ++i) rows.Remove(ranking_[i]);
  const std::size_t first = nearest(slice.begin);
  rows.Remove(marks_[first]);
  for (std::size_t i = first * step_; i < slice.begin; ++i) rows.Remove(ranking_[i]);
  for (std::size_t i = slice.begin; i < first * step_; ++i) rows.Add(ranking_[i]);
}

void SortedColumn::Keep(Slice slice, RowSet& rows) const {
  if (slice.size() == size()) return;
  ScratchRows inside(size());
  Mark(slice, *inside);
  rows.Keep(*inside);
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
  for (std::size_t place = 0; place < ranking_.size(); ++place) {
    if (rows.Has(ranking_[place])) places.push_back(static_cast<std::uint32_t>(place));
  }
}

}  // namespace peculiar
