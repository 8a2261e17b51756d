// A page of a ranking: which rows it shows, of all ranked galaxies or of those that pass. Pure
// functions; safe for concurrent use.
#pragma once

#include <cstdint>
#include <vector>

#include "core/embedding/row_set.h"
#include "core/query/query.h"
#include "core/query/sorted_column.h"

namespace peculiar {

// Places whose value and percentile are in the range. O(log n).
SortedColumn::Slice SliceOf(const MeasureRange& range, const SortedColumn& column);

struct ListingQuery {
  SortOrder order = SortOrder::kDescending;
  std::int64_t offset = 0;  // rows to pass over
  std::int64_t count = 0;   // rows of a page
};

struct Listing {
  std::int64_t total_count = 0;     // rows in all pages
  std::vector<std::uint32_t> rows;  // of this page, in the order asked for; ties by row
};

// Of all rows in the slice, which does not part ties. O(count log n), whatever the offset.
Listing ListAll(const SortedColumn& column, SortedColumn::Slice slice, const ListingQuery& query);

// Of those that are in `passing`, which loses what is not in the slice. O(n / 64) for the total,
// and for the page the smaller of what passes, sorted, and of a walk from the top to the page's
// end.
Listing ListPassing(const SortedColumn& column, SortedColumn::Slice slice, RowSet& passing,
                    const ListingQuery& query);

}  // namespace peculiar
