// Named sets of galaxies within which a score is judged: how strange is it for an X-ray AGN, for a
// bundle of 19 fibres, at this redshift. Plain values, pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/catalog/catalog.h"
#include "core/embedding/row_set.h"
#include "core/query/measure.h"

namespace peculiar {

// What the populations of a group are divided by. A galaxy is in one of kFibres and of kRedshift,
// in one or more of kAgnClass, in those of kTag whose tag it bears, always in kAll.
enum class PopulationGroup { kAll, kAgnClass, kFibres, kRedshift, kTag };

// "all", "agn_class", "fibres", "redshift", "tag".
std::string_view PopulationGroupName(PopulationGroup group);

struct Population {
  PopulationGroup group = PopulationGroup::kAll;
  std::string name;  // "all", "infrared", "none", "127", "0.03-0.06": unique in its group
  RowSet rows;       // of its galaxies, at least one
};

// Redshift bins are this wide, from 0; the lower end belongs to a bin.
inline constexpr double kRedshiftBin = 0.03;

// Every population that is not empty, group by group. O(n).
std::vector<Population> MakePopulations(const CatalogContent& content);

// Places of a population's members among the ranked, for percentiles within it: 4 bytes a hundred
// galaxies instead of a list of them. Borrows both, which must outlive it; immutable.
class MemberRanks {
 public:
  // O(n).
  MemberRanks(const Population& population, const SortedColumn& column);

  // Share of the ranked members whose value is not above that of `row`, times 100, as
  // catalog/ranking.h; absent when the row is not ranked. O(log n).
  std::optional<double> Percentile(std::size_t row) const;

 private:
  static constexpr std::size_t kBlock = 128;

  // Members at places before this one.
  std::size_t Before(std::size_t place) const;

  const RowSet* rows_;
  const SortedColumn* column_;
  std::vector<std::uint32_t> before_;  // [i]: members at places before i * kBlock
  std::size_t ranked_ = 0;
};

enum class BinScale { kLinear, kLog };

// A measure's distribution within one population.
struct Distribution {
  const Population* population = nullptr;
  std::size_t members = 0;          // that pass the question's filter
  std::size_t ranked = 0;           // of them; the rest of this is about these
  std::vector<std::size_t> counts;  // by bin
  std::vector<double> quantiles;  // of kQuantiles, between values linearly; empty when ranked is 0
  std::optional<double>
      median_percentile;  // median of the members' percentiles among all ranked galaxies
};
inline constexpr double kQuantiles[] = {0, 0.05, 0.16, 0.25, 0.5, 0.75, 0.84, 0.95, 1};

// The value below which a share `q`, 0 to 1, of `rising` lies: linear between values, as numpy's
// quantile. Requires at least one value.
double Quantile(std::span<const double> rising, double q);

// Lowest and highest of the values at `places`, rising; kLog: of those above 0. Absent when there
// are none. O(log n).
struct ValueRange {
  double low = 0, high = 0;
};
std::optional<ValueRange> RangeOf(const SortedColumn& column, std::span<const std::uint32_t> places,
                                  BinScale scale);

// n + 1 rising edges from the lowest to the highest value; kLog: in equal steps of the logarithm.
// One value alone gets a bin around it. Empty when there is none.
std::vector<double> BinEdges(const std::optional<ValueRange>& range, int n, BinScale scale);

// rows: galaxies that count. A value at the last edge is in the last bin, one below the first in
// the first (zeros, with kLog). O(n), without memory of that size for each call.
Distribution DistributionOf(const Population& population, const SortedColumn& column,
                            const RowSet& rows, std::span<const double> edges);

}  // namespace peculiar
