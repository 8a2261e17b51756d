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

}  // namespace

const std::vector<SkyColumns::Direction>& SkyColumns::directions() const {
  std::call_once(once_, [this] {
    for (std::uint32_t row = 0; row < catalog_.galaxies.size(); ++row) {
      const CatalogGalaxy& galaxy = catalog_.galaxies[row];
      if (!galaxy.ra_deg || !galaxy.dec_deg) continue;
      const double ra = *galaxy.ra_deg * kRadian, dec = *galaxy.dec_deg * kRadian;
      directions_.push_back(
          {std::cos(dec) * std::cos(ra), std::cos(dec) * std::sin(ra), std::sin(dec), row});
    }
    std::sort(directions_.begin(), directions_.end(),
              [](const Direction& a, const Direction& b) { return a.z < b.z; });
  });
  return directions_;
}

void SkyColumns::Keep(const Cone& cone, RowSet& rows) const {
  const double ra = cone.ra_deg * kRadian, dec = cone.dec_deg * kRadian;
  const double x = std::cos(dec) * std::cos(ra), y = std::cos(dec) * std::sin(ra),
               z = std::sin(dec);
  const double radius = cone.radius_deg * kRadian, cosine = std::cos(radius);
  const auto z_at = [](double declination) {
    constexpr double kPole = std::numbers::pi / 2;
    return std::sin(std::clamp(declination, -kPole, kPole));
  };
  const double low = z_at(dec - radius) - kCosineMargin, high = z_at(dec + radius) + kCosineMargin;
  const auto& all = directions();
  const auto first = std::partition_point(all.begin(), all.end(),
                                          [&](const Direction& each) { return each.z < low; });
  ScratchRows inside(rows.size());
  for (auto each = first; each != all.end() && each->z <= high; ++each) {
    const double above = x * each->x + y * each->y + z * each->z - cosine;
    const bool at_rim = std::abs(above) <= kCosineMargin;
    if (at_rim ? IsInside(cone, catalog_.galaxies[each->row]) : above > 0) inside->Add(each->row);
  }
  rows.Keep(*inside);
}

}  // namespace peculiar
