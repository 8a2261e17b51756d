#include "core/query/measure.h"

#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace peculiar {
namespace {

using ValueOf = std::function<std::optional<double>(const GalaxyScores&)>;

std::vector<double> ValuesOf(const std::vector<GalaxyScores>& scores, const ValueOf& value_of) {
  std::vector<double> values;
  values.reserve(scores.size());
  for (const GalaxyScores& galaxy : scores) {
    values.push_back(value_of(galaxy).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return values;
}

void Append(const std::vector<GalaxyScores>& scores, ValueOf value_of,
            std::deque<LazyColumn>& columns) {
  columns.emplace_back(
      [&scores, value_of = std::move(value_of)] { return ValuesOf(scores, value_of); });
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

MeasureTable::MeasureTable(const CatalogContent& content, std::size_t model) {
  const std::vector<GalaxyScores>& scores = content.scores[model];
  for (CatalogScore GalaxyScores::*score : {&GalaxyScores::mae, &GalaxyScores::chi,
                                            &GalaxyScores::relative, &GalaxyScores::relevance}) {
    Append(
        scores, [score](const GalaxyScores& galaxy) { return (galaxy.*score).value; }, scores_);
  }
  for (std::size_t line = 0; line < content.lines.size(); ++line) {
    Append(
        scores, [line](const GalaxyScores& galaxy) { return galaxy.line_shares[line]; },
        line_errors_);
    const auto share = [line](const GalaxyScores& galaxy) -> std::optional<double> {
      const std::optional<double>& error = galaxy.line_shares[line];
      if (!error || !galaxy.mae.value) return std::nullopt;
      return *error / *galaxy.mae.value;  // NaN for a perfect reconstruction: not ranked
    };
    Append(scores, share, line_shares_);
  }
}

const SortedColumn& MeasureTable::column(Measure measure, std::size_t line) const {
  switch (measure) {
    case Measure::kLineError:
      return line_errors_[line].get();
    case Measure::kLineShare:
      return line_shares_[line].get();
    default:
      return scores_[static_cast<std::size_t>(measure)].get();
  }
}

}  // namespace peculiar
