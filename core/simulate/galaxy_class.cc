#include "core/simulate/galaxy_class.h"

#include <string>

namespace peculiar {

std::string_view ClassName(GalaxyClass galaxy_class) {
  switch (galaxy_class) {
    case GalaxyClass::kMetalRich:
      return "star_forming_metal_rich";
    case GalaxyClass::kLowMass:
      return "star_forming_low_mass";
    case GalaxyClass::kComposite:
      return "composite";
    case GalaxyClass::kRetired:
      break;
  }
  return "liner_retired";
}

std::string_view AnomalyName(Anomaly anomaly) {
  switch (anomaly) {
    case Anomaly::kNone:
      return "";
    case Anomaly::kBlueberry:
      return "blueberry";
    case Anomaly::kSeyfertCore:
      return "seyfert_core";
    case Anomaly::kBroadLineCore:
      return "broad_line_core";
    case Anomaly::kDisturbedLines:
      return "disturbed_lines";
    case Anomaly::kMerger:
      return "merger";
    case Anomaly::kCounterRotation:
      return "counter_rotation";
    case Anomaly::kForegroundStar:
      return "foreground_star";
    case Anomaly::kBlowtorch:
      return "blowtorch";
    case Anomaly::kDeadFibre:
      return "dead_fibre";
    case Anomaly::kBadFlux:
      return "bad_flux";
    case Anomaly::kLoneLine:
      break;
  }
  return "lone_line";
}

absl::StatusOr<Anomaly> ParseAnomaly(std::string_view name) {
  std::string known;
  for (int i = 1; i <= static_cast<int>(Anomaly::kLoneLine); ++i) {
    const auto anomaly = static_cast<Anomaly>(i);
    if (AnomalyName(anomaly) == name) return anomaly;
    known += (known.empty() ? "" : ", ") + std::string(AnomalyName(anomaly));
  }
  return InvalidArgument("unknown anomaly '{}', expected one of: {}", name, known);
}

}  // namespace peculiar
