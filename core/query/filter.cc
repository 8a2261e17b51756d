#include "core/query/filter.h"

#include <algorithm>
#include <limits>

namespace peculiar {
namespace {

absl::Status CheckRange(std::string_view field, const std::optional<double>& value, double low,
                        double high) {
  if (!value || (*value >= low && *value <= high)) return absl::OkStatus();
  return InvalidArgument("BAD_FILTER: {} is {}; give {} to {}", field, *value, low, high);
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

}  // namespace peculiar
