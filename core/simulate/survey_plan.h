// Who is in a simulated survey: for every plate-IFU its kind, what is planted in it, and whether it
// repeats another. A pure function of the options.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/simulate/galaxy_class.h"

namespace peculiar {

// The mix: of the galaxies that are neither planted nor repeats 40 % are metal-rich and 20 %
// low-mass star-forming ones, 15 % composites, 25 % retired, near DR17's own shares.
struct SurveyOptions {
  int galaxies = 96;  // plate-IFUs in all, 1 to 10000
  std::uint64_t seed = 1;
  int fibres = 0;  // 19, 37, 61, 91 or 127 for all; 0: DR17's mix
  // Kinds to plant, in turn; at least one.
  std::vector<Anomaly> anomalies{kAnomalies.begin(), kAnomalies.end()};
  // Of all plate-IFUs, rounded; at least one of each kind from 48 galaxies on. Far more than in the
  // sky, so that a small survey has some to find.
  double anomaly_share = 0.18;
  // Second observations of a galaxy that has nothing planted, with its own noise, on another plate;
  // rounded, at least one from 12 galaxies on.
  double repeat_share = 0.05;
};

struct PlannedGalaxy {
  std::string plateifu;  // plates 7001-7442 and from 13001 on, which MaNGA never used
  std::string mangaid;   // "99-000001": catalogue 99 does not exist
  int fibres = 19;
  GalaxyClass galaxy_class = GalaxyClass::kMetalRich;
  Anomaly anomaly = Anomaly::kNone;
  std::size_t source = 0;    // position in the plan of the galaxy that is seen: its own, or of the
                             // one it repeats
  std::string is_repeat_of;  // plate-IFU of that; empty when it is no repeat
};

// In the order of planning: first all galaxies, then the repeats. INVALID_ARGUMENT when an option
// is out of range.
absl::StatusOr<std::vector<PlannedGalaxy>> PlanSurvey(const SurveyOptions& options);

}  // namespace peculiar
