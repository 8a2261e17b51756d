#include "core/query/listing.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "core/query/scratch.h"

namespace peculiar {
namespace {

using Slice = SortedColumn::Slice;

// Sorting one place costs about as much as walking over so many.
constexpr std::size_t kStepsPerSorted = 16;

// Appends the page of a listing of `total` rows to `rows`. at(i): row i of the falling order.
// ties(i): the rows of one value with it, as a slice of that order.
template <typename At, typename Ties>
void AppendPage(const ListingQuery& query, std::size_t total, const At& at, const Ties& ties,
                std::vector<std::uint32_t>& rows) {
  const auto begin = static_cast<std::size_t>(query.offset);
  const std::size_t end = std::min(total, begin + static_cast<std::size_t>(query.count));
  rows.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    if (query.order == SortOrder::kDescending) {
      rows.push_back(at(i));
      continue;
    }
    const Slice group = ties(total - 1 - i);  // in which rows rise in either order
    rows.push_back(at(group.begin + (i - (total - group.end))));
  }
}

// visit(row) for the rows of the slice in the order asked for, until it returns false.
template <typename Visit>
void Walk(const SortedColumn& column, Slice slice, SortOrder order, const Visit& visit) {
  const auto ranking = column.ranking();
  if (order == SortOrder::kDescending) {
    for (std::size_t place = slice.begin; place < slice.end; ++place) {
      if (!visit(ranking[place])) return;
    }
    return;
  }
  for (std::size_t end = slice.end; end > slice.begin;) {
    const Slice group = column.TiesOf(end - 1);
    for (std::size_t place = group.begin; place < group.end; ++place) {
      if (!visit(ranking[place])) return;
    }
    end = group.begin;
  }
}

bool IsWalkCheaper(const SortedColumn& column, Slice slice, std::size_t total,
                   std::size_t page_end) {
  const double steps = static_cast<double>(slice.size()) * static_cast<double>(page_end) /
                       static_cast<double>(total);
  const double sorted = static_cast<double>(kStepsPerSorted * total);
  return steps <= std::min(sorted, static_cast<double>(column.size()));
}

// The next piece of a walk, without parting ties where they are walked over forwards.
Slice NextPiece(const SortedColumn& column, Slice rest, SortOrder order) {
  constexpr std::size_t kPiece = 512;
  if (rest.size() <= kPiece) return rest;
  if (order == SortOrder::kDescending) return {rest.begin, rest.begin + kPiece};
  return {column.TiesOf(rest.end - kPiece).begin, rest.end};
}

// The page by a walk over the slice: pieces before the page are only counted.
void AppendByWalk(const SortedColumn& column, Slice slice, const RowSet& passing,
                  const ListingQuery& query, std::vector<std::uint32_t>& rows) {
  auto to_skip = static_cast<std::size_t>(query.offset);
  rows.reserve(static_cast<std::size_t>(query.count));
  while (slice.size() > 0) {
    const Slice piece = NextPiece(column, slice, query.order);
    const std::size_t count = column.CountIn(piece, passing);
    if (count > to_skip) break;
    to_skip -= count;
    (query.order == SortOrder::kDescending ? slice.begin : slice.end) =
        query.order == SortOrder::kDescending ? piece.end : piece.begin;
  }
  Walk(column, slice, query.order, [&](std::uint32_t row) {
    if (!passing.Has(row)) return true;
    if (to_skip == 0) {
      rows.push_back(row);
    } else {
      --to_skip;
    }
    return rows.size() < static_cast<std::size_t>(query.count);
  });
}

}  // namespace

Slice SliceOf(const MeasureRange& range, const SortedColumn& column) {
  const Slice values = column.Between(range.min_value, range.max_value);
  if (!range.min_percentile && !range.max_percentile) return values;
  const Slice percentiles = column.BetweenPercentiles(range.min_percentile, range.max_percentile);
  const std::size_t begin = std::max(values.begin, percentiles.begin);
  return {begin, std::max(begin, std::min(values.end, percentiles.end))};
}

Listing ListAll(const SortedColumn& column, Slice slice, const ListingQuery& query) {
  Listing listing{static_cast<std::int64_t>(slice.size()), {}};
  if (query.offset >= listing.total_count) return listing;
  AppendPage(
      query, slice.size(), [&](std::size_t i) { return column.ranking()[slice.begin + i]; },
      [&](std::size_t i) {
        const Slice ties = column.TiesOf(slice.begin + i);
        return Slice{ties.begin - slice.begin, ties.end - slice.begin};
      },
      listing.rows);
  return listing;
}

Listing ListPassing(const SortedColumn& column, Slice slice, RowSet& passing,
                    const ListingQuery& query) {
  column.Keep(slice, passing);
  const std::size_t total = passing.Count();
  Listing listing{static_cast<std::int64_t>(total), {}};
  if (query.offset >= listing.total_count) return listing;
  const std::size_t page_end = std::min(
      total, static_cast<std::size_t>(query.offset) + static_cast<std::size_t>(query.count));
  if (IsWalkCheaper(column, slice, total, page_end)) {
    AppendByWalk(column, slice, passing, query, listing.rows);
    return listing;
  }
  ScratchPlaces places;
  column.PlacesOf(passing, total, *places);
  AppendPage(
      query, total, [&](std::size_t i) { return column.ranking()[(*places)[i]]; },
      [&](std::size_t i) {
        const Slice ties = column.TiesOf((*places)[i]);
        const auto first = std::lower_bound(places->begin(), places->end(), ties.begin);
        const auto last = std::lower_bound(first, places->end(), ties.end);
        return Slice{static_cast<std::size_t>(first - places->begin()),
                     static_cast<std::size_t>(last - places->begin())};
      },
      listing.rows);
  return listing;
}

}  // namespace peculiar
