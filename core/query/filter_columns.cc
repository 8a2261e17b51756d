#include "core/query/filter_columns.h"

#include <algorithm>
#include <iterator>

#include "core/cube/quality.h"
#include "core/query/scratch.h"

namespace peculiar {
namespace {

absl::StatusOr<std::int64_t> BitsOf(std::string_view field, const std::vector<std::string>& names) {
  std::int64_t bits = 0;
  for (const std::string& name : names) {
    const std::optional<std::int64_t> bit = Drp3QualBit(name);
    if (!bit) {
      return InvalidArgument("BAD_FILTER: {} has {}, which is no MANGA_DRP3QUAL bit; there are: {}",
                             field, Quoted(name),
                             fmt::join(Drp3QualNames(kNamedQualityBits), ", "));
    }
    bits |= *bit;
  }
  return bits;
}

absl::Status UnknownTag(std::string_view name, const CatalogContent& catalog) {
  std::vector<std::string_view> known;
  for (const CatalogTag& tag : catalog.tags) known.push_back(tag.name);
  return NotFound("UNKNOWN_TAG: no tag {}; the tags are: {}", Quoted(name),
                  known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")));
}

bool IsBetter(const CatalogGalaxy& a, const CatalogGalaxy& b) {
  if (a.masked_share != b.masked_share) return a.masked_share < b.masked_share;
  return a.coverage > b.coverage;
}

// The set of a value, made when the value is first met.
template <typename Key>
RowSet& SetOf(std::unordered_map<Key, RowSet>& sets, Key key, std::size_t size) {
  return sets.try_emplace(key, size).first->second;
}

// The rows of `catalog` by some number of each galaxy.
template <typename NumberOf>
LazyColumn ColumnOf(const CatalogContent& catalog, const NumberOf& number_of) {
  return LazyColumn([&catalog, number_of] {
    std::vector<double> values;
    values.reserve(catalog.galaxies.size());
    for (const CatalogGalaxy& galaxy : catalog.galaxies) values.push_back(number_of(galaxy));
    return values;
  });
}

void KeepBetween(const LazyColumn& column, std::optional<double> low, std::optional<double> high,
                 RowSet& rows) {
  if (low || high) column.get().Keep(column.get().Between(low, high), rows);
}

// Keeps what is in the set of one of the keys; no key keeps all. set_of(key): null is empty.
template <typename Key, typename SetOfKey>
void KeepAny(const std::vector<Key>& keys, const SetOfKey& set_of, RowSet& rows) {
  if (keys.empty()) return;
  const RowSet* const first = set_of(keys[0]);
  if (keys.size() == 1 && first != nullptr) return rows.Keep(*first);
  ScratchRows wanted(rows.size());
  for (const Key& key : keys) {
    if (const RowSet* const set = set_of(key)) wanted->Add(*set);
  }
  rows.Keep(*wanted);
}

std::optional<double> ToReal(std::optional<int> value) {
  return value ? std::optional<double>(*value) : std::nullopt;
}

}  // namespace

FilterColumns::FilterColumns(const CatalogContent& catalog, const GalaxyDirectory& directory)
    : catalog_(catalog),
      directory_(directory),
      redshift_(ColumnOf(catalog, [](const CatalogGalaxy& galaxy) { return galaxy.z; })),
      coverage_(ColumnOf(catalog, [](const CatalogGalaxy& galaxy) { return galaxy.coverage; })),
      masked_share_(
          ColumnOf(catalog, [](const CatalogGalaxy& galaxy) { return galaxy.masked_share; })),
      lines_off_grid_(ColumnOf(
          catalog,
          [](const CatalogGalaxy& galaxy) { return static_cast<double>(galaxy.lines_off_grid); })),
      sky_(catalog) {
  const std::size_t size = catalog.galaxies.size();
  for (RowSet& set : agn_) set.Reset(size);
  for (std::size_t row = 0; row < size; ++row) {
    const CatalogGalaxy& galaxy = catalog.galaxies[row];
    SetOf(fibres_, galaxy.fibres, size).Add(row);
    for (const AgnSelection selection : kAgnSelections) {
      if (IsSelected(galaxy, selection)) agn_[static_cast<std::size_t>(selection)].Add(row);
    }
    for (std::int64_t bits = galaxy.drp3qual.value_or(0); bits != 0; bits &= bits - 1) {
      SetOf(quality_, bits & -bits, size).Add(row);
    }
  }
  directory.ForEachRepeated([&](std::span<const std::uint32_t> rows) {
    auto& group = repeats_.emplace_back(rows.begin(), rows.end());
    std::stable_sort(group.begin(), group.end(), [&](std::uint32_t a, std::uint32_t b) {
      return IsBetter(catalog.galaxies[a], catalog.galaxies[b]);
    });
  });
}

absl::Status FilterColumns::Select(const GalaxyFilter& filter, RowSet& rows) const {
  PECULIAR_RETURN_IF_ERROR(CheckFilter(filter));
  PECULIAR_ASSIGN_OR_RETURN(const std::int64_t any, BitsOf("any_quality", filter.any_quality));
  PECULIAR_ASSIGN_OR_RETURN(const std::int64_t none, BitsOf("no_quality", filter.no_quality));
  rows.Reset(catalog_.galaxies.size());
  PECULIAR_RETURN_IF_ERROR(KeepIds(filter, rows));
  KeepFibres(filter, rows);
  KeepAgn(filter, rows);
  KeepQuality(any, none, rows);
  KeepRanges(filter, rows);
  if (filter.cone) sky_.Keep(*filter.cone, rows);
  PECULIAR_RETURN_IF_ERROR(KeepTagged(filter, rows));
  if (filter.best_observation) KeepBestObservations(rows);
  return absl::OkStatus();
}

// `rows` is empty: those that are named, or all.
absl::Status FilterColumns::KeepIds(const GalaxyFilter& filter, RowSet& rows) const {
  if (filter.galaxy_ids.empty()) rows.AddAll();
  for (const std::string& id : filter.galaxy_ids) {
    PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, directory_.Resolve(id));
    rows.Add(row);
  }
  return absl::OkStatus();
}

absl::Status FilterColumns::KeepTagged(const GalaxyFilter& filter, RowSet& rows) const {
  if (filter.tags.empty()) return absl::OkStatus();
  ScratchRows tagged(rows.size());
  for (const std::string& name : filter.tags) {
    const auto tag = std::find_if(catalog_.tags.begin(), catalog_.tags.end(),
                                  [&](const CatalogTag& known) { return known.name == name; });
    if (tag == catalog_.tags.end()) return UnknownTag(name, catalog_);
    for (const std::size_t row : tag->galaxies) tagged->Add(row);
  }
  rows.Keep(*tagged);
  return absl::OkStatus();
}

void FilterColumns::KeepFibres(const GalaxyFilter& filter, RowSet& rows) const {
  KeepAny(
      filter.fibres,
      [&](int fibres) {
        const auto found = fibres_.find(fibres);
        return found == fibres_.end() ? nullptr : &found->second;
      },
      rows);
}

void FilterColumns::KeepAgn(const GalaxyFilter& filter, RowSet& rows) const {
  KeepAny(
      filter.agn,
      [&](AgnSelection selection) { return &agn_[static_cast<std::size_t>(selection)]; }, rows);
}

void FilterColumns::KeepQuality(std::int64_t any, std::int64_t none, RowSet& rows) const {
  if (any != 0) {
    ScratchRows wanted(rows.size());
    for (const auto& [bit, set] : quality_) {
      if ((bit & any) != 0) wanted->Add(set);
    }
    rows.Keep(*wanted);
  }
  for (const auto& [bit, set] : quality_) {
    if ((bit & none) != 0) rows.Remove(set);
  }
}

void FilterColumns::KeepRanges(const GalaxyFilter& filter, RowSet& rows) const {
  KeepBetween(redshift_, filter.min_redshift, filter.max_redshift, rows);
  KeepBetween(coverage_, filter.min_coverage, std::nullopt, rows);
  KeepBetween(masked_share_, std::nullopt, filter.max_masked_share, rows);
  KeepBetween(lines_off_grid_, std::nullopt, ToReal(filter.max_lines_off_grid), rows);
}

void FilterColumns::KeepBestObservations(RowSet& rows) const {
  for (const std::vector<std::uint32_t>& group : repeats_) {
    auto best =
        std::find_if(group.begin(), group.end(), [&](std::uint32_t row) { return rows.Has(row); });
    if (best == group.end()) continue;
    for (auto worse = std::next(best); worse != group.end(); ++worse) rows.Remove(*worse);
  }
}

}  // namespace peculiar
