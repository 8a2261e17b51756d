// Galaxies by declination with their directions, for questions about a circle on the sky. Borrows
// the catalogue, which must outlive it. Safe for concurrent use.
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

  // Takes out of `rows` what is outside the cone. O(n / 64) and the galaxies of its declinations.
  void Keep(const Cone& cone, RowSet& rows) const;

 private:
  struct Direction {  // of length 1
    double x = 0, y = 0, z = 0;
    std::uint32_t row = 0;
  };

  // Galaxies with a position, made when first asked for: rising declination, that is rising z.
  const std::vector<Direction>& directions() const;

  const CatalogContent& catalog_;
  mutable std::once_flag once_;
  mutable std::vector<Direction> directions_;
};

}  // namespace peculiar
