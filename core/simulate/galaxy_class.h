// The kinds of galaxy of the simulated survey and the oddities planted in it, by name.
// These names stand in truth.csv. Pure functions.
#pragma once

#include <array>
#include <string_view>

#include "core/base/status.h"

namespace peculiar {

// The normal population (science.md section 9).
enum class GalaxyClass { kMetalRich, kLowMass, kComposite, kRetired };
inline constexpr std::array kGalaxyClasses = {GalaxyClass::kMetalRich, GalaxyClass::kLowMass,
                                              GalaxyClass::kComposite, GalaxyClass::kRetired};

// What makes a galaxy strange: the first six are in the sky, a foreground star is in front, the
// next three come from the instrument or the reduction; a lone line is in no sky, but tells whether
// a score finds the line that it should.
enum class Anomaly {
  kNone,
  kBlueberry,
  kSeyfertCore,
  kBroadLineCore,
  kDisturbedLines,  // double-peaked, or a wind with sigma over 400 km/s
  kMerger,          // two nuclei
  kCounterRotation,
  kForegroundStar,
  kBlowtorch,
  kDeadFibre,
  kBadFlux,
  kLoneLine,  // [OIII] 5008 alone from the nucleus
};
// What a survey is given if nothing else is asked for, in that order.
inline constexpr std::array kAnomalies = {Anomaly::kBlueberry,       Anomaly::kSeyfertCore,
                                          Anomaly::kBroadLineCore,   Anomaly::kDisturbedLines,
                                          Anomaly::kMerger,          Anomaly::kBlowtorch,
                                          Anomaly::kForegroundStar,  Anomaly::kBadFlux,
                                          Anomaly::kCounterRotation, Anomaly::kDeadFibre};

// "star_forming_metal_rich", "star_forming_low_mass", "composite", "liner_retired".
std::string_view ClassName(GalaxyClass galaxy_class);

// "" for kNone, else "blueberry", "seyfert_core", "broad_line_core", "disturbed_lines", "merger",
// "counter_rotation", "foreground_star", "blowtorch", "dead_fibre", "bad_flux", "lone_line".
std::string_view AnomalyName(Anomaly anomaly);
// Inverse, but for "". INVALID_ARGUMENT naming the known ones.
absl::StatusOr<Anomaly> ParseAnomaly(std::string_view name);

}  // namespace peculiar
