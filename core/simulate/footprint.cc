#include "core/simulate/footprint.h"

#include <algorithm>
#include <cmath>

#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

constexpr double kReachArcsec = 1.6;  // a fibre gives light to spaxels so far away
constexpr double kRimArcsec = 1.0;    // beyond it, where too few fibres reach
const double kSin60 = std::sqrt(3) / 2;

// Radius of the hexagon (centre to corner) through a point.
double HexagonRadius(double x, double y) {
  x = std::abs(x);
  y = std::abs(y);
  return std::max(y / kSin60, x + y / (2 * kSin60));
}

}  // namespace

const BundleKind* FindBundleKind(int fibres) {
  const auto* found = std::find_if(kBundleKinds.begin(), kBundleKinds.end(),
                                   [&](const BundleKind& kind) { return kind.fibres == fibres; });
  return found == kBundleKinds.end() ? nullptr : found;
}

Footprint FootprintOf(const BundleKind& kind) {
  Footprint footprint;
  footprint.size = kind.spaxels;
  const double rim = (kind.diameter_arcsec / 2 + kReachArcsec) / kSpaxelArcsec;
  const int middle = kind.spaxels / 2;
  for (int y = 0; y < kind.spaxels; ++y) {
    for (int x = 0; x < kind.spaxels; ++x) {
      const double radius = HexagonRadius(x - middle, y - middle);
      footprint.edge.push_back(static_cast<float>(radius / rim));
      const bool near = radius <= rim + kRimArcsec / kSpaxelArcsec;
      footprint.mask.push_back(radius <= rim ? 0 : near ? kMaskTooLittle : kMaskNoData);
    }
  }
  return footprint;
}

}  // namespace peculiar
