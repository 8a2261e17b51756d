#include "core/simulate/galaxy_class.h"

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
      break;
  }
  return "bad_flux";
}

}  // namespace peculiar
