// What filters look at, laid out for them: a set of rows for everything that is yes or no, a sorted
// column for every range, directions on the sky by declination. So a condition costs a pass over n
// bits, and no string or galaxy is read a row. Borrows the catalogue and the directory, which must
// outlive it. Safe for concurrent use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/status.h"
#include "core/query/filter.h"
#include "core/query/galaxy_directory.h"
#include "core/query/sky_columns.h"
#include "core/query/sorted_column.h"

namespace peculiar {

class FilterColumns {
 public:
  // O(n); columns for ranges are sorted when they are first asked for.
  FilterColumns(const CatalogContent& catalog, const GalaxyDirectory& directory);
  FilterColumns(const FilterColumns&) = delete;
  FilterColumns& operator=(const FilterColumns&) = delete;

  // Replaces `rows` by those that pass. O(n / 64) a condition; beside it a cone costs the galaxies
  // of its declinations, best_observation those that have repeats. INVALID_ARGUMENT `BAD_FILTER:`
  // naming the field for a range that is empty or no number, a bit without a name, a cone off the
  // sky or too many ids; NOT_FOUND `UNKNOWN_TAG:`; the errors of GalaxyDirectory::Resolve for an
  // id.
  absl::Status Select(const GalaxyFilter& filter, RowSet& rows) const;

 private:
  absl::Status KeepIds(const GalaxyFilter& filter, RowSet& rows) const;
  absl::Status KeepTagged(const GalaxyFilter& filter, RowSet& rows) const;
  void KeepFibres(const GalaxyFilter& filter, RowSet& rows) const;
  void KeepAgn(const GalaxyFilter& filter, RowSet& rows) const;
  void KeepQuality(std::int64_t any, std::int64_t none, RowSet& rows) const;
  void KeepRanges(const GalaxyFilter& filter, RowSet& rows) const;
  void KeepBestObservations(RowSet& rows) const;

  const CatalogContent& catalog_;
  const GalaxyDirectory& directory_;
  std::unordered_map<int, RowSet> fibres_;
  std::array<RowSet, 6> agn_;                         // by AgnSelection
  std::unordered_map<std::int64_t, RowSet> quality_;  // by bit
  LazyColumn redshift_, coverage_, masked_share_, lines_off_grid_;
  SkyColumns sky_;
  std::vector<std::vector<std::uint32_t>> repeats_;  // rows of one MaNGA-ID, the best first
};

}  // namespace peculiar
