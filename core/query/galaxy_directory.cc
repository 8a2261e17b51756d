#include "core/query/galaxy_directory.h"

#include <algorithm>
#include <string>

namespace peculiar {
namespace {

constexpr std::size_t kMaxListed = 20;  // names in an error message

// "a, b, c and 4 more"
std::string Join(std::span<const std::uint32_t> rows,
                 const std::function<std::string(std::uint32_t)>& text_of) {
  std::string joined;
  for (std::size_t i = 0; i < std::min(rows.size(), kMaxListed); ++i) {
    joined += (i == 0 ? "" : ", ") + text_of(rows[i]);
  }
  if (rows.size() > kMaxListed) joined += fmt::format(" and {} more", rows.size() - kMaxListed);
  return joined;
}

}  // namespace

MangaIdGroups::MangaIdGroups(std::size_t n,
                             const std::function<std::string_view(std::size_t)>& mangaid_of) {
  for (std::size_t row = 0; row < n; ++row) {
    if (!mangaid_of(row).empty()) rows_.push_back(static_cast<std::uint32_t>(row));
  }
  std::stable_sort(rows_.begin(), rows_.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return mangaid_of(a) < mangaid_of(b); });
  groups_.reserve(rows_.size());
  for (std::size_t begin = 0, end = 0; begin < rows_.size(); begin = end) {
    const std::string_view mangaid = mangaid_of(rows_[begin]);
    while (end < rows_.size() && mangaid_of(rows_[end]) == mangaid) ++end;
    groups_.emplace(mangaid, std::span(rows_).subspan(begin, end - begin));
  }
}

std::span<const std::uint32_t> MangaIdGroups::Rows(std::string_view mangaid) const {
  const auto found = groups_.find(mangaid);
  return found == groups_.end() ? std::span<const std::uint32_t>() : found->second;
}

GalaxyDirectory::GalaxyDirectory(const CatalogContent& catalog)
    : catalog_(catalog),
      rows_by_mangaid_(
          catalog.galaxies.size(),
          [&](std::size_t row) -> std::string_view { return catalog.galaxies[row].mangaid; }),
      excluded_by_mangaid_(catalog.excluded.size(), [&](std::size_t row) -> std::string_view {
        return catalog.excluded[row].mangaid;
      }) {
  row_by_plateifu_.reserve(catalog.galaxies.size());
  rows_of_same_mangaid_.reserve(catalog.galaxies.size());
  for (std::uint32_t row = 0; row < catalog.galaxies.size(); ++row) {
    row_by_plateifu_.emplace(catalog.galaxies[row].plateifu, row);
    rows_of_same_mangaid_.push_back(rows_by_mangaid_.Rows(catalog.galaxies[row].mangaid));
  }
  excluded_by_plateifu_.reserve(catalog.excluded.size());
  for (std::uint32_t row = 0; row < catalog.excluded.size(); ++row) {
    excluded_by_plateifu_.emplace(catalog.excluded[row].plateifu, row);
  }
}

absl::StatusOr<std::size_t> GalaxyDirectory::Resolve(std::string_view galaxy_id) const {
  PECULIAR_ASSIGN_OR_RETURN(const GalaxyId id, ParseGalaxyId(galaxy_id));
  if (id.kind == GalaxyId::Kind::kMangaId) return ResolveMangaId(id);
  if (const auto found = row_by_plateifu_.find(id.text); found != row_by_plateifu_.end()) {
    return found->second;
  }
  if (const auto found = excluded_by_plateifu_.find(id.text);
      found != excluded_by_plateifu_.end()) {
    return NotInSample(id, {&found->second, 1});
  }
  return UnknownGalaxy(id);
}

absl::StatusOr<std::size_t> GalaxyDirectory::ResolveMangaId(const GalaxyId& id) const {
  const std::span<const std::uint32_t> rows = rows_by_mangaid_.Rows(id.text);
  if (rows.size() == 1) return rows[0];
  if (rows.empty()) {
    const std::span<const std::uint32_t> excluded = excluded_by_mangaid_.Rows(id.text);
    return excluded.empty() ? UnknownGalaxy(id) : NotInSample(id, excluded);
  }
  return FailedPrecondition(
      "AMBIGUOUS_ID: MaNGA-ID '{}' has {} observations in the sample; ask for one by its "
      "plate-IFU: {}",
      id.text, rows.size(),
      Join(rows, [&](std::uint32_t row) { return catalog_.galaxies[row].plateifu; }));
}

std::vector<std::string_view> GalaxyDirectory::Repeats(std::size_t row, std::size_t limit) const {
  std::vector<std::string_view> repeats;
  for (const std::uint32_t other : RowsOfSameMangaId(row)) {
    if (repeats.size() == limit) break;
    if (other != row) repeats.push_back(catalog_.galaxies[other].plateifu);
  }
  return repeats;
}

absl::Status GalaxyDirectory::NotInSample(const GalaxyId& id,
                                          std::span<const std::uint32_t> excluded) const {
  const auto describe = [&](std::uint32_t row) {
    const CatalogExclusion& exclusion = catalog_.excluded[row];
    std::string text = exclusion.plateifu + ": " + exclusion.reason;
    if (!exclusion.detail.empty()) text += " (" + WithoutFolders(exclusion.detail) + ")";
    return text;
  };
  return NotFound(
      "NOT_IN_SAMPLE: galaxy '{}' is in the survey's table but was left out of the sample, so it "
      "has no embedding and no scores: {}",
      id.text, Join(excluded, describe));
}

absl::Status GalaxyDirectory::UnknownGalaxy(const GalaxyId& id) const {
  const std::string_view kind = id.kind == GalaxyId::Kind::kPlateIfu ? "plate-IFU" : "MaNGA-ID";
  return NotFound(
      "UNKNOWN_GALAXY: no galaxy has the {} '{}'; the snapshot holds {} galaxies and knows of {} "
      "left out, for example '{}'",
      kind, id.text, catalog_.galaxies.size(), catalog_.excluded.size(),
      catalog_.galaxies.front().plateifu);
}

std::string WithoutFolders(std::string_view text) {
  constexpr std::string_view kEnds = " \t\r\n'\"`(),;<>";
  std::string kept;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_not_of(kEnds), text.size());
    kept += text.substr(0, begin);
    text.remove_prefix(begin);
    std::string_view word = text.substr(0, text.find_first_of(kEnds));
    text.remove_prefix(word.size());
    if (word.starts_with('/')) word.remove_prefix(word.rfind('/') + 1);
    kept += word;
  }
  return kept;
}

}  // namespace peculiar
