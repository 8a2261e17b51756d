// Train and test rows, split by galaxy: all observations of one mangaid are on one side, so that
// the test loss is of galaxies never seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/dataset/dataset.h"

namespace peculiar {

// Rows of the dataset, ascending; every row is in exactly one.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

inline constexpr double kDefaultTestFraction = 0.1;

// Puts round(test_fraction x groups) random groups into test, at least one and not all when there
// are two or more; a single group is for training. A group is a mangaid; an entry without one is
// its own. A function of the entries, the fraction (0..1) and the seed only.
Split SplitByGalaxy(std::span<const SampleEntry> entries, double test_fraction, std::uint64_t seed);

inline Split SplitByGalaxy(const Dataset& dataset, double test_fraction, std::uint64_t seed) {
  return SplitByGalaxy(dataset.entries(), test_fraction, seed);
}

}  // namespace peculiar
