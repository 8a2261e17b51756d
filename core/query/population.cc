#include "core/query/population.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/query/filter.h"

namespace peculiar {
namespace {

constexpr AgnSelection kSelections[] = {AgnSelection::kInfrared, AgnSelection::kXRay,
                                        AgnSelection::kRadio,    AgnSelection::kBroadLine,
                                        AgnSelection::kAny,      AgnSelection::kNone};

// One population a key, in the order of the keys.
template <typename Key, typename KeyOf, typename NameOf>
void AppendPartition(const CatalogContent& content, PopulationGroup group, const KeyOf& key_of,
                     const NameOf& name_of, std::vector<Population>& populations) {
  std::map<Key, std::vector<std::uint32_t>> parts;
  for (std::uint32_t row = 0; row < content.galaxies.size(); ++row) {
    parts[key_of(content.galaxies[row])].push_back(row);
  }
  for (auto& [key, rows] : parts) populations.push_back({group, name_of(key), std::move(rows)});
}

std::string RedshiftBinName(std::int64_t bin) {
  const auto low = static_cast<double>(bin) * kRedshiftBin;
  return fmt::format("{:.2f}-{:.2f}", low, low + kRedshiftBin);
}

}  // namespace

std::string_view PopulationGroupName(PopulationGroup group) {
  switch (group) {
    case PopulationGroup::kAgnClass:
      return "agn_class";
    case PopulationGroup::kFibres:
      return "fibres";
    case PopulationGroup::kRedshift:
      return "redshift";
    case PopulationGroup::kTag:
      return "tag";
    case PopulationGroup::kAll:
      break;
  }
  return "all";
}

std::vector<Population> MakePopulations(const CatalogContent& content) {
  std::vector<Population> populations;
  AppendPartition<int>(
      content, PopulationGroup::kAll, [](const CatalogGalaxy&) { return 0; },
      [](int) { return std::string("all"); }, populations);
  for (const AgnSelection selection : kSelections) {
    Population population{PopulationGroup::kAgnClass, std::string(AgnSelectionName(selection)), {}};
    for (std::uint32_t row = 0; row < content.galaxies.size(); ++row) {
      if (IsSelected(content.galaxies[row], selection)) population.rows.push_back(row);
    }
    if (!population.rows.empty()) populations.push_back(std::move(population));
  }
  AppendPartition<int>(
      content, PopulationGroup::kFibres, [](const CatalogGalaxy& galaxy) { return galaxy.fibres; },
      [](int fibres) { return std::to_string(fibres); }, populations);
  AppendPartition<std::int64_t>(
      content, PopulationGroup::kRedshift,
      [](const CatalogGalaxy& galaxy) {
        return static_cast<std::int64_t>(std::floor(galaxy.z / kRedshiftBin));
      },
      RedshiftBinName, populations);
  for (const CatalogTag& tag : content.tags) {
    if (tag.galaxies.empty()) continue;
    populations.push_back(
        {PopulationGroup::kTag, tag.name, {tag.galaxies.begin(), tag.galaxies.end()}});
  }
  return populations;
}

std::optional<double> PercentileWithin(const Population& population, const MeasureColumn& column,
                                       std::size_t row) {
  const std::optional<double> value = column.value(row);
  if (!value) return std::nullopt;
  std::size_t ranked = 0, not_above = 0;
  for (const std::uint32_t member : population.rows) {
    const std::optional<double> other = column.value(member);
    if (!other) continue;
    ++ranked;
    not_above += *other <= *value ? 1 : 0;
  }
  return 100.0 * static_cast<double>(not_above) / static_cast<double>(ranked);
}

double Quantile(std::span<const double> rising, double q) {
  const double place = q * static_cast<double>(rising.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, rising.size() - 1);
  return rising[below] + (place - static_cast<double>(below)) * (rising[above] - rising[below]);
}

std::vector<double> BinEdges(std::span<const double> values, int n, BinScale scale) {
  const bool log = scale == BinScale::kLog;
  std::optional<double> low, high;
  for (const double value : values) {
    if (log && !(value > 0)) continue;
    low = std::min(low.value_or(value), value);
    high = std::max(high.value_or(value), value);
  }
  if (!low) return {};
  double first = log ? std::log(*low) : *low;
  double last = log ? std::log(*high) : *high;
  if (first == last) {
    const double half = first == 0 ? 0.5 : std::abs(first) / 2;
    first -= half;
    last += half;
  }
  const bool is_range = *low < *high;
  std::vector<double> edges;
  for (int i = 0; i <= n; ++i) {
    const double edge = first + (last - first) * i / n;
    edges.push_back(log ? std::exp(edge) : edge);
  }
  if (is_range) {  // whatever the rounding, the extremes are inside
    edges.front() = *low;
    edges.back() = *high;
  }
  return edges;
}

Distribution DistributionOf(const Population& population, const MeasureColumn& column,
                            std::span<const std::uint8_t> mask, std::span<const double> edges) {
  Distribution result;
  result.population = &population;
  result.counts.resize(edges.empty() ? 0 : edges.size() - 1);
  std::vector<double> values, percentiles;
  for (const std::uint32_t row : population.rows) {
    if (mask[row] == 0) continue;
    ++result.members;
    const std::optional<double> value = column.value(row);
    if (!value) continue;
    values.push_back(*value);
    percentiles.push_back(column.percentile(row));
    if (result.counts.empty()) continue;
    const auto above = std::upper_bound(edges.begin() + 1, edges.end() - 1, *value);
    ++result.counts[static_cast<std::size_t>(above - edges.begin()) - 1];
  }
  result.ranked = values.size();
  if (values.empty()) return result;
  std::sort(values.begin(), values.end());
  std::sort(percentiles.begin(), percentiles.end());
  for (const double q : kQuantiles) result.quantiles.push_back(Quantile(values, q));
  result.median_percentile = Quantile(percentiles, 0.5);
  return result;
}

}  // namespace peculiar
