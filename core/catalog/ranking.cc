#include "core/catalog/ranking.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace peculiar {
namespace {

std::string_view NonFiniteName(double value) {
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

}  // namespace

std::vector<CatalogScore> RankScores(std::span<const double> values, std::string_view score_name) {
  std::vector<CatalogScore> scores(values.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) {
      order.push_back(i);
    } else {
      scores[i].reason = fmt::format("{} is {}", score_name, NonFiniteName(values[i]));
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  const auto ranked = static_cast<double>(order.size());
  for (std::size_t place = 0, first = 0; place < order.size(); ++place) {
    const double value = values[order[place]];
    if (value != values[order[first]]) first = place;  // first of its group of equal values
    CatalogScore& score = scores[order[place]];
    score.value = value;
    score.rank = static_cast<int>(place) + 1;
    score.percentile = 100.0 * static_cast<double>(order.size() - first) / ranked;
  }
  return scores;
}

}  // namespace peculiar
