// Galaxies in zones of declination, by right ascension in each, for questions about a circle on the
// sky (Gray et al. 2004, "There goes the neighborhood"). Borrows the catalogue, which must outlive
// it. Safe for concurrent use.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/embedding/row_set.h"
#include "core/query/filter.h"

namespace peculiar {

class SkyColumns {
 public:
  explicit SkyColumns(const CatalogContent& catalog) : catalog_(catalog) {}

  // Takes out of `rows` what is outside the cone. O(n / 64) and the galaxies around it.
  void Keep(const Cone& cone, RowSet& rows) const;

 private:
  struct Place {
    double ra_deg = 0;           // 0 to 360
    double x = 0, y = 0, z = 0;  // direction, of length 1
    std::uint32_t row = 0;
  };
  using Zone = std::vector<Place>;  // rising right ascension

  // Galaxies with a position, made when first asked for; from the south pole.
  const std::vector<Zone>& zones() const;

  const CatalogContent& catalog_;
  mutable std::once_flag once_;
  mutable std::vector<Zone> zones_;
};

}  // namespace peculiar
