#include "core/dataset/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/base/random.h"

namespace peculiar {
namespace {

constexpr std::uint64_t kSplitStream = 0x73706c6974;  // "split"

}  // namespace

Split SplitByGalaxy(std::span<const SampleEntry> entries, double test_fraction,
                    std::uint64_t seed) {
  // Ordered by name, so that the split does not depend on which repeat comes first.
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const GalaxyRecord& galaxy = entries[i].galaxy;
    // A mangaid never begins with a letter, so the two kinds of name cannot meet.
    groups[galaxy.mangaid.empty() ? "plateifu " + galaxy.plateifu : galaxy.mangaid].push_back(i);
  }
  const std::size_t n = groups.size();
  std::size_t test_groups = 0;
  if (n > 1) {
    const double wanted = std::round(std::clamp(test_fraction, 0.0, 1.0) * static_cast<double>(n));
    test_groups = std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, n - 1);
  }
  Random random(seed, {kSplitStream});
  const std::vector<std::size_t> order = RandomPermutation(n, random);
  Split split;
  std::size_t rank = 0;
  for (const auto& [name, rows] : groups) {
    std::vector<std::size_t>& side = order[rank++] < test_groups ? split.test : split.train;
    side.insert(side.end(), rows.begin(), rows.end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

}  // namespace peculiar
