// What galaxies are ranked by, and one such number of every galaxy in its order. A column borrows
// nothing; immutable; safe for concurrent use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/catalog/catalog.h"

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

class MeasureColumn {
 public:
  // values: one a galaxy, by row. One that is not finite is not ranked. O(n log n).
  explicit MeasureColumn(std::vector<double> values);

  // Rows of the ranked galaxies: falling value, ties by row.
  std::span<const std::uint32_t> ranking() const { return ranking_; }

  // Absent when not ranked. The next two ask for a ranked row and cost O(log n); both as
  // catalog/ranking.h defines them.
  std::optional<double> value(std::size_t row) const;
  int rank(std::size_t row) const;
  double percentile(std::size_t row) const;

 private:
  // Ranked galaxies with a higher value.
  std::size_t Above(double value) const;

  std::vector<double> values_;
  std::vector<std::uint32_t> ranking_;
};

// All columns of one model.
class MeasureTable {
 public:
  // model: its place in content.models. O(lines x n log n).
  MeasureTable(const CatalogContent& content, std::size_t model);

  // line: its place in the line list; 0 for a measure that is not of a line.
  const MeasureColumn& column(Measure measure, std::size_t line) const;

 private:
  std::vector<MeasureColumn> scores_;  // mae, chi, relative, relevance
  std::vector<MeasureColumn> line_errors_;
  std::vector<MeasureColumn> line_shares_;
};

}  // namespace peculiar
