// What galaxies are ranked by, and all such numbers of one model as sorted columns, made when they
// are first asked for.
#pragma once

#include <cstddef>
#include <deque>
#include <string_view>

#include "core/catalog/catalog.h"
#include "core/query/sorted_column.h"

namespace peculiar {

// A score (core/embedding/score.h), the relevance learned from labels, or what one line adds to
// `mae`: in flux units, or as a share of it, 0 to 1.
enum class Measure { kMae, kChi, kRelative, kRelevance, kLineError, kLineShare };

// Those that every galaxy has by every model, the paper's first.
inline constexpr Measure kScoreMeasures[] = {Measure::kMae, Measure::kChi, Measure::kRelative};

// "mae", "chi", "relative", "relevance", "line_error", "line_share".
std::string_view MeasureName(Measure measure);

// True for the two that are of one line.
constexpr bool IsOfLine(Measure measure) {
  return measure == Measure::kLineError || measure == Measure::kLineShare;
}

// All columns of one model, each made when it is first asked for: 38 of lines are sorted for
// nobody. Borrows the catalogue, which must outlive it. Safe for concurrent use.
class MeasureTable {
 public:
  // model: its place in content.models.
  MeasureTable(const CatalogContent& content, std::size_t model);
  MeasureTable(MeasureTable&&) = default;

  // line: its place in the line list; 0 for a measure that is not of a line. The first call for a
  // column costs O(n log n), a tenth of a second a million galaxies.
  const SortedColumn& column(Measure measure, std::size_t line) const;

 private:
  std::deque<LazyColumn> scores_;  // mae, chi, relative, relevance; a deque: they cannot move
  std::deque<LazyColumn> line_errors_;
  std::deque<LazyColumn> line_shares_;
};

}  // namespace peculiar
