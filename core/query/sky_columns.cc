#include "core/query/sky_columns.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/query/scratch.h"

namespace peculiar {
namespace {

constexpr double kRadian = std::numbers::pi / 180;
// Well above the rounding of a product of directions: what is nearer to the rim is computed again.
constexpr double kCosineMargin = 1e-14;

// The haversine formula, which keeps its digits at small angles.
bool IsInside(const Cone& cone, const CatalogGalaxy& galaxy) {
  const double half_dec = std::sin((*galaxy.dec_deg - cone.dec_deg) * kRadian / 2);
  const double half_ra = std::sin((*galaxy.ra_deg - cone.ra_deg) * kRadian / 2);
  const double squared = half_dec * half_dec + std::cos(cone.dec_deg * kRadian) *
                                                   std::cos(*galaxy.dec_deg * kRadian) * half_ra *
                                                   half_ra;
  return 2 * std::asin(std::sqrt(std::min(1.0, squared))) <= cone.radius_deg * kRadian;
}

constexpr double kZoneDeg = 1;
constexpr std::size_t kZones = 180;

std::size_t ZoneOf(double dec_deg) {
  const double zone = std::floor((dec_deg + 90) / kZoneDeg);
  return static_cast<std::size_t>(std::clamp(zone, 0.0, static_cast<double>(kZones - 1)));
}

// Half the width in right ascension of what can be in the cone, in degrees; 180: all around.
double HalfWidth(const Cone& cone) {
  constexpr double kSlack = 1e-6;  // well above the rounding of the formula
  if (std::abs(cone.dec_deg) + cone.radius_deg >= 90 - kSlack) return 180;
  const double sine = std::sin(cone.radius_deg * kRadian) / std::cos(cone.dec_deg * kRadian);
  return std::asin(std::min(1.0, sine)) / kRadian + kSlack;
}

// 0 to 360.
double Normalised(double ra_deg) { return ra_deg - 360 * std::floor(ra_deg / 360); }

}  // namespace

const std::vector<SkyColumns::Zone>& SkyColumns::zones() const {
  std::call_once(once_, [this] {
    zones_.resize(kZones);
    for (std::uint32_t row = 0; row < catalog_.galaxies.size(); ++row) {
      const CatalogGalaxy& galaxy = catalog_.galaxies[row];
      if (!galaxy.ra_deg || !galaxy.dec_deg) continue;
      const double ra = *galaxy.ra_deg * kRadian, dec = *galaxy.dec_deg * kRadian;
      zones_[ZoneOf(*galaxy.dec_deg)].push_back({Normalised(*galaxy.ra_deg),
                                                 std::cos(dec) * std::cos(ra),
                                                 std::cos(dec) * std::sin(ra), std::sin(dec), row});
    }
    for (Zone& zone : zones_) {
      std::sort(zone.begin(), zone.end(),
                [](const Place& a, const Place& b) { return a.ra_deg < b.ra_deg; });
    }
  });
  return zones_;
}

void SkyColumns::Keep(const Cone& cone, RowSet& rows) const {
  const double ra = cone.ra_deg * kRadian, dec = cone.dec_deg * kRadian;
  const double x = std::cos(dec) * std::cos(ra), y = std::cos(dec) * std::sin(ra),
               z = std::sin(dec), cosine = std::cos(cone.radius_deg * kRadian);
  ScratchRows inside(rows.size());
  const auto look = [&](const Zone& zone, double low, double high) {
    auto each = std::partition_point(zone.begin(), zone.end(),
                                     [&](const Place& place) { return place.ra_deg < low; });
    for (; each != zone.end() && each->ra_deg <= high; ++each) {
      const double above = x * each->x + y * each->y + z * each->z - cosine;
      const bool at_rim = std::abs(above) <= kCosineMargin;
      if (at_rim ? IsInside(cone, catalog_.galaxies[each->row]) : above > 0) inside->Add(each->row);
    }
  };
  const double half = HalfWidth(cone);
  const double low = Normalised(cone.ra_deg) - half, high = Normalised(cone.ra_deg) + half;
  // A hair wider than the cone: a galaxy at its rim may lie at a zone's.
  constexpr double kSlack = 1e-6;
  const std::size_t last = ZoneOf(cone.dec_deg + cone.radius_deg + kSlack);
  for (std::size_t i = ZoneOf(cone.dec_deg - cone.radius_deg - kSlack); i <= last; ++i) {
    const Zone& zone = zones()[i];
    if (half >= 180) {
      look(zone, 0, 360);
      continue;
    }
    look(zone, low, high);
    if (low < 0) look(zone, low + 360, 360);
    if (high > 360) look(zone, 0, high - 360);
  }
  rows.Keep(*inside);
}

}  // namespace peculiar
