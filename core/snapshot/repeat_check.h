// The repeat self-check: how much of an embedding is the galaxy and how much the observation. For
// every two observations of one mangaid: how near they lie in each space, and how their scores
// differ. Computed at publish. Free functions, safe for concurrent use.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/catalog/catalog.h"
#include "core/embedding/matrix.h"
#include "core/snapshot/builder.h"

namespace peculiar {

struct RepeatCheckOptions {
  // Observations of one mangaid that are compared, the first by plate-IFU: so the pairs of a survey
  // never grow with the square of its size. MaNGA has at most a handful.
  std::size_t max_observations = 16;
  // Up to this many galaxies a percentile is over all pairs of different galaxies (8 million).
  std::size_t exact_galaxies = 4000;
  // Above: over this many random pairs, less those of one galaxy; the draw depends only on the
  // number of galaxies. The standard error of a percentile is then at most 0.05.
  std::size_t sampled_pairs = 1'000'000;
  int threads = 0;  // 0 = all cores; results do not depend on it
};

// The pairs of rows with one mangaid (that is not empty), first < second, in their order; `models`
// is empty. O(n log n).
std::vector<CatalogRepeatPair> FindRepeatPairs(std::span<const CatalogGalaxy> galaxies,
                                               const RepeatCheckOptions& options = {});

// Where the pairs lie in one space, a place a pair. coordinates: a row a galaxy, finite. Galaxies
// without a mangaid differ from all others. Ranks are exact, over all galaxies, ties by row: a rank
// is the place in the list of neighbours. O(n * width) for every row of a pair.
absl::StatusOr<std::vector<RepeatPlace>> PlaceRepeats(Matrix coordinates,
                                                      std::span<const CatalogGalaxy> galaxies,
                                                      std::span<const CatalogRepeatPair> pairs,
                                                      const RepeatCheckOptions& options = {});

// All pairs in all spaces of all models; content.catalog.scores and spaces must be complete.
absl::StatusOr<std::vector<CatalogRepeatPair>> CheckRepeats(const SnapshotContent& content,
                                                            const RepeatCheckOptions& options = {});

}  // namespace peculiar
