#include "core/query/filter.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <unordered_map>

#include "core/cube/quality.h"

namespace peculiar {
namespace {

using Mask = std::vector<std::uint8_t>;

absl::Status CheckRange(std::string_view field, const std::optional<double>& value, double low,
                        double high) {
  if (!value || (*value >= low && *value <= high)) return absl::OkStatus();
  return InvalidArgument("BAD_FILTER: {} is {}; give {} to {}", field, *value, low, high);
}

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

absl::Status CheckFilter(const GalaxyFilter& filter) {
  constexpr double kAny = std::numeric_limits<double>::max();
  PECULIAR_RETURN_IF_ERROR(CheckRange("min_redshift", filter.min_redshift, -kAny, kAny));
  PECULIAR_RETURN_IF_ERROR(CheckRange("max_redshift", filter.max_redshift, -kAny, kAny));
  if (filter.min_redshift && filter.max_redshift && *filter.min_redshift > *filter.max_redshift) {
    return InvalidArgument("BAD_FILTER: min_redshift {} is above max_redshift {}",
                           *filter.min_redshift, *filter.max_redshift);
  }
  PECULIAR_RETURN_IF_ERROR(CheckRange("min_coverage", filter.min_coverage, 0, 1));
  PECULIAR_RETURN_IF_ERROR(CheckRange("max_masked_share", filter.max_masked_share, 0, 1));
  if (filter.max_lines_off_grid && *filter.max_lines_off_grid < 0) {
    return InvalidArgument("BAD_FILTER: max_lines_off_grid_count is {}; give 0 or more",
                           *filter.max_lines_off_grid);
  }
  constexpr int kBundles[] = {19, 37, 61, 91, 127};
  for (const int fibres : filter.fibres) {
    if (std::find(std::begin(kBundles), std::end(kBundles), fibres) != std::end(kBundles)) continue;
    return InvalidArgument("BAD_FILTER: fibre_counts has {}; give some of {}", fibres,
                           fmt::join(kBundles, ", "));
  }
  if (filter.cone) {
    PECULIAR_RETURN_IF_ERROR(CheckRange("cone.ra_deg", filter.cone->ra_deg, 0, 360));
    PECULIAR_RETURN_IF_ERROR(CheckRange("cone.dec_deg", filter.cone->dec_deg, -90, 90));
    PECULIAR_RETURN_IF_ERROR(CheckRange("cone.radius_deg", filter.cone->radius_deg, 0, 180));
  }
  if (filter.galaxy_ids.size() > kMaxFilterGalaxies) {
    return InvalidArgument("BAD_FILTER: galaxy_ids has {} ids; at most {} are taken",
                           filter.galaxy_ids.size(), kMaxFilterGalaxies);
  }
  return absl::OkStatus();
}

// The haversine formula, which keeps its digits at small angles.
bool IsInside(const Cone& cone, const CatalogGalaxy& galaxy) {
  if (!galaxy.ra_deg || !galaxy.dec_deg) return false;
  constexpr double kRadian = std::numbers::pi / 180;
  const double half_dec = std::sin((*galaxy.dec_deg - cone.dec_deg) * kRadian / 2);
  const double half_ra = std::sin((*galaxy.ra_deg - cone.ra_deg) * kRadian / 2);
  const double squared = half_dec * half_dec + std::cos(cone.dec_deg * kRadian) *
                                                   std::cos(*galaxy.dec_deg * kRadian) * half_ra *
                                                   half_ra;
  return 2 * std::asin(std::sqrt(std::min(1.0, squared))) <= cone.radius_deg * kRadian;
}

absl::Status UnknownTag(std::string_view name, const CatalogContent& catalog) {
  std::vector<std::string_view> known;
  for (const CatalogTag& tag : catalog.tags) known.push_back(tag.name);
  return NotFound("UNKNOWN_TAG: no tag {}; the tags are: {}", Quoted(name),
                  known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")));
}

struct QualityBits {
  std::int64_t any = 0;
  std::int64_t none = 0;
};

bool Passes(const GalaxyFilter& filter, const QualityBits& bits, const CatalogGalaxy& galaxy) {
  if (filter.min_redshift && galaxy.z < *filter.min_redshift) return false;
  if (filter.max_redshift && galaxy.z > *filter.max_redshift) return false;
  if (!filter.fibres.empty() &&
      std::find(filter.fibres.begin(), filter.fibres.end(), galaxy.fibres) == filter.fibres.end()) {
    return false;
  }
  if (!filter.agn.empty() &&
      std::none_of(filter.agn.begin(), filter.agn.end(),
                   [&](AgnSelection selection) { return IsSelected(galaxy, selection); })) {
    return false;
  }
  const std::int64_t set = galaxy.drp3qual.value_or(0);
  if (bits.any != 0 && (set & bits.any) == 0) return false;
  if ((set & bits.none) != 0) return false;
  if (filter.min_coverage && galaxy.coverage < *filter.min_coverage) return false;
  if (filter.max_masked_share && galaxy.masked_share > *filter.max_masked_share) return false;
  if (filter.max_lines_off_grid && galaxy.lines_off_grid > *filter.max_lines_off_grid) return false;
  return !filter.cone || IsInside(*filter.cone, galaxy);
}

bool IsBetter(const CatalogGalaxy& a, const CatalogGalaxy& b) {
  if (a.masked_share != b.masked_share) return a.masked_share < b.masked_share;
  return a.coverage > b.coverage;
}

// Takes out what bears none of the tags.
absl::Status KeepTagged(const std::vector<std::string>& tags, const CatalogContent& catalog,
                        Mask& mask) {
  Mask tagged(mask.size(), 0);
  for (const std::string& name : tags) {
    const auto tag = std::find_if(catalog.tags.begin(), catalog.tags.end(),
                                  [&](const CatalogTag& known) { return known.name == name; });
    if (tag == catalog.tags.end()) return UnknownTag(name, catalog);
    for (const std::size_t row : tag->galaxies) tagged[row] = 1;
  }
  for (std::size_t row = 0; row < mask.size(); ++row) mask[row] &= tagged[row];
  return absl::OkStatus();
}

void KeepBestObservations(const CatalogContent& catalog, Mask& mask) {
  std::unordered_map<std::string_view, std::size_t> best;  // by MaNGA-ID
  for (std::size_t row = 0; row < mask.size(); ++row) {
    const CatalogGalaxy& galaxy = catalog.galaxies[row];
    if (mask[row] == 0 || galaxy.mangaid.empty()) continue;
    const auto [entry, first] = best.emplace(galaxy.mangaid, row);
    if (first) continue;
    std::size_t worse = row;
    if (IsBetter(galaxy, catalog.galaxies[entry->second])) std::swap(worse, entry->second);
    mask[worse] = 0;
  }
}

}  // namespace

std::string_view AgnSelectionName(AgnSelection selection) {
  switch (selection) {
    case AgnSelection::kInfrared:
      return "infrared";
    case AgnSelection::kXRay:
      return "x_ray";
    case AgnSelection::kRadio:
      return "radio";
    case AgnSelection::kBroadLine:
      return "broad_line";
    case AgnSelection::kAny:
      return "any";
    case AgnSelection::kNone:
      break;
  }
  return "none";
}

bool IsSelected(const CatalogGalaxy& galaxy, AgnSelection selection) {
  const bool any =
      galaxy.agn_infrared || galaxy.agn_x_ray || galaxy.agn_radio || galaxy.agn_broad_line;
  switch (selection) {
    case AgnSelection::kInfrared:
      return galaxy.agn_infrared;
    case AgnSelection::kXRay:
      return galaxy.agn_x_ray;
    case AgnSelection::kRadio:
      return galaxy.agn_radio;
    case AgnSelection::kBroadLine:
      return galaxy.agn_broad_line;
    case AgnSelection::kAny:
      return any;
    case AgnSelection::kNone:
      break;
  }
  return !any;
}

bool GalaxyFilter::empty() const {
  return !min_redshift && !max_redshift && fibres.empty() && agn.empty() && any_quality.empty() &&
         no_quality.empty() && !min_coverage && !max_masked_share && !max_lines_off_grid && !cone &&
         galaxy_ids.empty() && tags.empty() && !best_observation;
}

absl::StatusOr<std::vector<std::uint8_t>> SelectRows(const GalaxyFilter& filter,
                                                     const CatalogContent& catalog,
                                                     const GalaxyDirectory& directory) {
  PECULIAR_RETURN_IF_ERROR(CheckFilter(filter));
  QualityBits bits;
  PECULIAR_ASSIGN_OR_RETURN(bits.any, BitsOf("any_quality", filter.any_quality));
  PECULIAR_ASSIGN_OR_RETURN(bits.none, BitsOf("no_quality", filter.no_quality));
  Mask mask(catalog.galaxies.size(), filter.galaxy_ids.empty() ? 1 : 0);
  for (const std::string& id : filter.galaxy_ids) {
    PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, directory.Resolve(id));
    mask[row] = 1;
  }
  for (std::size_t row = 0; row < mask.size(); ++row) {
    if (mask[row] != 0 && !Passes(filter, bits, catalog.galaxies[row])) mask[row] = 0;
  }
  if (!filter.tags.empty()) {
    PECULIAR_RETURN_IF_ERROR(KeepTagged(filter.tags, catalog, mask));
  }
  if (filter.best_observation) KeepBestObservations(catalog, mask);
  return mask;
}

}  // namespace peculiar
