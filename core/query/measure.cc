#include "core/query/measure.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace peculiar {
namespace {

MeasureColumn ColumnOf(const std::vector<GalaxyScores>& scores,
                       const std::function<std::optional<double>(const GalaxyScores&)>& value_of) {
  std::vector<double> values;
  values.reserve(scores.size());
  for (const GalaxyScores& galaxy : scores) {
    values.push_back(value_of(galaxy).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return MeasureColumn(std::move(values));
}

}  // namespace

std::string_view MeasureName(Measure measure) {
  switch (measure) {
    case Measure::kChi:
      return "chi";
    case Measure::kRelative:
      return "relative";
    case Measure::kRelevance:
      return "relevance";
    case Measure::kLineError:
      return "line_error";
    case Measure::kLineShare:
      return "line_share";
    case Measure::kMae:
      break;
  }
  return "mae";
}

MeasureColumn::MeasureColumn(std::vector<double> values) : values_(std::move(values)) {
  for (std::uint32_t row = 0; row < values_.size(); ++row) {
    if (std::isfinite(values_[row])) ranking_.push_back(row);
  }
  std::stable_sort(ranking_.begin(), ranking_.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return values_[a] > values_[b]; });
}

std::optional<double> MeasureColumn::value(std::size_t row) const {
  return std::isfinite(values_[row]) ? std::optional(values_[row]) : std::nullopt;
}

std::size_t MeasureColumn::Above(double value) const {
  const auto first = std::partition_point(ranking_.begin(), ranking_.end(),
                                          [&](std::uint32_t row) { return values_[row] > value; });
  return static_cast<std::size_t>(first - ranking_.begin());
}

int MeasureColumn::rank(std::size_t row) const {
  assert(std::isfinite(values_[row]));
  const double value = values_[row];
  const auto place =
      std::partition_point(ranking_.begin(), ranking_.end(), [&](std::uint32_t other) {
        return values_[other] > value || (values_[other] == value && other < row);
      });
  return static_cast<int>(place - ranking_.begin()) + 1;
}

double MeasureColumn::percentile(std::size_t row) const {
  assert(std::isfinite(values_[row]));
  const std::size_t ranked = ranking_.size();
  return 100.0 * static_cast<double>(ranked - Above(values_[row])) / static_cast<double>(ranked);
}

MeasureTable::MeasureTable(const CatalogContent& content, std::size_t model) {
  const std::vector<GalaxyScores>& scores = content.scores[model];
  for (CatalogScore GalaxyScores::*score : {&GalaxyScores::mae, &GalaxyScores::chi,
                                            &GalaxyScores::relative, &GalaxyScores::relevance}) {
    scores_.push_back(
        ColumnOf(scores, [&](const GalaxyScores& galaxy) { return (galaxy.*score).value; }));
  }
  for (std::size_t line = 0; line < content.lines.size(); ++line) {
    line_errors_.push_back(
        ColumnOf(scores, [&](const GalaxyScores& galaxy) { return galaxy.line_shares[line]; }));
    line_shares_.push_back(
        ColumnOf(scores, [&](const GalaxyScores& galaxy) -> std::optional<double> {
          const std::optional<double>& error = galaxy.line_shares[line];
          if (!error || !galaxy.mae.value) return std::nullopt;
          return *error / *galaxy.mae.value;  // NaN for a perfect reconstruction: not ranked
        }));
  }
}

const MeasureColumn& MeasureTable::column(Measure measure, std::size_t line) const {
  switch (measure) {
    case Measure::kLineError:
      return line_errors_[line];
    case Measure::kLineShare:
      return line_shares_[line];
    default:
      return scores_[static_cast<std::size_t>(measure)];
  }
}

}  // namespace peculiar
