// Which galaxies a question is about. Every condition that is set must hold. Plain values and pure
// functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/catalog/catalog.h"

namespace peculiar {

// Selections of Comerford et al. 2020. kAny: at least one of them; kNone: none.
enum class AgnSelection { kInfrared, kXRay, kRadio, kBroadLine, kAny, kNone };
inline constexpr AgnSelection kAgnSelections[] = {AgnSelection::kInfrared, AgnSelection::kXRay,
                                                  AgnSelection::kRadio,    AgnSelection::kBroadLine,
                                                  AgnSelection::kAny,      AgnSelection::kNone};

// "infrared", "x_ray", "radio", "broad_line", "any", "none".
std::string_view AgnSelectionName(AgnSelection selection);
bool IsSelected(const CatalogGalaxy& galaxy, AgnSelection selection);

// A circle on the sky. Galaxies without a position are outside.
struct Cone {
  double ra_deg = 0;      // 0 to 360
  double dec_deg = 0;     // -90 to 90
  double radius_deg = 0;  // 0 to 180, the rim belongs to it
};

inline constexpr std::size_t kMaxFilterGalaxies = 10'000;

struct GalaxyFilter {
  std::optional<double> min_redshift;  // both ends belong to the range
  std::optional<double> max_redshift;
  std::vector<int> fibres;                 // one of these; empty = any
  std::vector<AgnSelection> agn;           // in at least one of these; empty = all
  std::vector<std::string> any_quality;    // at least one of these DRP3QUAL bits; empty = all
  std::vector<std::string> no_quality;     // none of these bits
  std::optional<double> min_coverage;      // share of the crop inside the cube, 0 to 1
  std::optional<double> max_masked_share;  // 0 to 1
  std::optional<int> max_lines_off_grid;
  std::optional<Cone> cone;
  std::vector<std::string> galaxy_ids;  // one of these, as galaxy_id.h; empty = all
  std::vector<std::string> tags;        // bears one of these; empty = all
  // Of the observations of one MaNGA-ID that pass all else only the best: least masked, then most
  // covered, then first by plate-IFU.
  bool best_observation = false;

  bool empty() const;
};

// INVALID_ARGUMENT `BAD_FILTER:` naming the field for a range that is empty or no number, bundles
// that do not exist, a cone off the sky or too many ids. What only a catalogue can tell is checked
// by FilterColumns::Select (filter_columns.h), which answers a filter.
absl::Status CheckFilter(const GalaxyFilter& filter);

}  // namespace peculiar
