// Ranks and percentiles of a score over the galaxies of a snapshot. The only definition; computed
// at publish and checked on reading.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/catalog/catalog.h"

namespace peculiar {

// One result per value, in the order given, which must be that of the plate-IFUs. A galaxy whose
// value is not finite is not ranked and gets the reason "<score_name> is nan" (or inf, -inf).
// rank: 1 = the highest value; equal values are ranked in the order given, so ranks are 1..m.
// percentile: share of the m ranked galaxies whose value is <= this one, times 100; so the highest
// has 100 and equal values share one. O(n log n).
std::vector<CatalogScore> RankScores(std::span<const double> values, std::string_view score_name);

}  // namespace peculiar
