#include "core/query/population.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/query/filter.h"
#include "core/query/scratch.h"

namespace peculiar {
namespace {

// One population a key, in the order of the keys.
template <typename Key, typename KeyOf, typename NameOf>
void AppendPartition(const CatalogContent& content, PopulationGroup group, const KeyOf& key_of,
                     const NameOf& name_of, std::vector<Population>& populations) {
  const std::size_t size = content.galaxies.size();
  std::map<Key, RowSet> parts;
  for (std::size_t row = 0; row < size; ++row) {
    parts.try_emplace(key_of(content.galaxies[row]), size).first->second.Add(row);
  }
  for (auto& [key, rows] : parts) populations.push_back({group, name_of(key), std::move(rows)});
}

// The quantile `q` of `n` values, the i-th lowest being value_of(i).
template <typename ValueOf>
double QuantileOf(std::size_t n, double q, const ValueOf& value_of) {
  const double place = q * static_cast<double>(n - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, n - 1);
  const double low = value_of(below);
  return low + (place - static_cast<double>(below)) * (value_of(above) - low);
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
  for (const AgnSelection selection : kAgnSelections) {
    Population population{PopulationGroup::kAgnClass, std::string(AgnSelectionName(selection)),
                          RowSet(content.galaxies.size())};
    for (std::size_t row = 0; row < content.galaxies.size(); ++row) {
      if (IsSelected(content.galaxies[row], selection)) population.rows.Add(row);
    }
    if (population.rows.Count() > 0) populations.push_back(std::move(population));
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
    Population population{PopulationGroup::kTag, tag.name, RowSet(content.galaxies.size())};
    for (const std::size_t row : tag.galaxies) population.rows.Add(row);
    populations.push_back(std::move(population));
  }
  return populations;
}

MemberRanks::MemberRanks(const Population& population, const SortedColumn& column)
    : rows_(&population.rows), column_(&column) {
  const auto ranking = column.ranking();
  before_.reserve(ranking.size() / kBlock + 1);
  for (std::size_t place = 0; place < ranking.size(); ++place) {
    if (place % kBlock == 0) before_.push_back(static_cast<std::uint32_t>(ranked_));
    ranked_ += rows_->Has(ranking[place]) ? 1 : 0;
  }
}

std::size_t MemberRanks::Before(std::size_t place) const {
  std::size_t count = before_[place / kBlock];
  for (std::size_t i = place / kBlock * kBlock; i < place; ++i) {
    count += rows_->Has(column_->ranking()[i]) ? 1 : 0;
  }
  return count;
}

std::optional<double> MemberRanks::Percentile(std::size_t row) const {
  if (!column_->value(row)) return std::nullopt;
  const std::size_t above = Before(column_->TiesOf(column_->place(row)).begin);
  return 100.0 * static_cast<double>(ranked_ - above) / static_cast<double>(ranked_);
}

double Quantile(std::span<const double> rising, double q) {
  return QuantileOf(rising.size(), q, [&](std::size_t i) { return rising[i]; });
}

std::optional<ValueRange> RangeOf(const SortedColumn& column, std::span<const std::uint32_t> places,
                                  BinScale scale) {
  const auto counts = [&](std::uint32_t place) {
    return scale == BinScale::kLinear || column.value_at(place) > 0;
  };
  const auto end = std::partition_point(places.begin(), places.end(), counts);
  if (end == places.begin()) return std::nullopt;
  return ValueRange{column.value_at(*(end - 1)), column.value_at(places.front())};
}

std::vector<double> BinEdges(const std::optional<ValueRange>& range, int n, BinScale scale) {
  if (!range) return {};
  const bool log = scale == BinScale::kLog;
  double first = log ? std::log(range->low) : range->low;
  double last = log ? std::log(range->high) : range->high;
  if (first == last) {
    const double half = first == 0 ? 0.5 : std::abs(first) / 2;
    first -= half;
    last += half;
  }
  std::vector<double> edges;
  for (int i = 0; i <= n; ++i) {
    const double edge = first + (last - first) * i / n;
    edges.push_back(log ? std::exp(edge) : edge);
  }
  if (range->low < range->high) {  // whatever the rounding, the extremes are inside
    edges.front() = range->low;
    edges.back() = range->high;
  }
  return edges;
}

Distribution DistributionOf(const Population& population, const SortedColumn& column,
                            const RowSet& rows, std::span<const double> edges) {
  Distribution result;
  result.population = &population;
  ScratchRows members(rows.size());
  *members = rows;
  members->Keep(population.rows);
  result.members = members->Count();
  ScratchPlaces places;
  column.PlacesOf(*members, result.members, *places);
  result.ranked = places->size();
  // Places rise and values fall: a bin is where those of its lower edge end.
  auto end = places->end();
  for (std::size_t bin = 0; bin + 1 < edges.size(); ++bin) {
    const bool is_last = bin + 2 == edges.size();
    const auto begin = is_last ? places->begin()
                               : std::partition_point(places->begin(), end, [&](std::uint32_t at) {
                                   return column.value_at(at) >= edges[bin + 1];
                                 });
    result.counts.push_back(static_cast<std::size_t>(end - begin));
    end = begin;
  }
  if (places->empty()) return result;
  const auto place_of = [&](std::size_t i) { return (*places)[places->size() - 1 - i]; };
  for (const double q : kQuantiles) {
    result.quantiles.push_back(
        QuantileOf(places->size(), q, [&](std::size_t i) { return column.value_at(place_of(i)); }));
  }
  result.median_percentile = QuantileOf(
      places->size(), 0.5, [&](std::size_t i) { return column.percentile_at(place_of(i)); });
  return result;
}

}  // namespace peculiar
