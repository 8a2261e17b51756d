#include "core/dataset/galaxy_json.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace peculiar {
namespace {

using NumberField = std::pair<const char*, std::optional<double> GalaxyRecord::*>;
constexpr NumberField kNumberFields[] = {
    {"z", &GalaxyRecord::z},
    {"ra_deg", &GalaxyRecord::ra_deg},
    {"dec_deg", &GalaxyRecord::dec_deg},
    {"stellar_mass_msun", &GalaxyRecord::stellar_mass_msun},
    {"half_light_radius_arcsec", &GalaxyRecord::half_light_radius_arcsec},
    {"sersic_index", &GalaxyRecord::sersic_index},
};

using AgnField = std::pair<const char*, bool AgnFlags::*>;
constexpr AgnField kAgnFields[] = {
    {"infrared", &AgnFlags::infrared},
    {"x_ray", &AgnFlags::x_ray},
    {"radio", &AgnFlags::radio},
    {"broad_line", &AgnFlags::broad_line},
};

}  // namespace

Json GalaxyToJson(const GalaxyRecord& galaxy) {
  Json json = {{"plateifu", galaxy.plateifu}};
  if (!galaxy.mangaid.empty()) json["mangaid"] = galaxy.mangaid;
  for (const auto& [name, field] : kNumberFields) {
    const std::optional<double>& value = galaxy.*field;
    if (value && std::isfinite(*value)) json[name] = *value;
  }
  if (galaxy.drp3qual) json["drp3qual"] = *galaxy.drp3qual;
  if (galaxy.agn.any()) {
    Json& classes = json["agn"] = Json::array();
    for (const auto& [name, field] : kAgnFields) {
      if (galaxy.agn.*field) classes.push_back(name);
    }
  }
  return json;
}

absl::StatusOr<GalaxyRecord> GalaxyFromJson(const Json& json) {
  GalaxyRecord galaxy;
  PECULIAR_ASSIGN_OR_RETURN(galaxy.plateifu, JsonField<std::string>(json, "plateifu"));
  if (!IsPlateIfu(galaxy.plateifu)) {
    return DataLoss("'{}' is not a plate-IFU", galaxy.plateifu);
  }
  if (json.contains("mangaid")) {
    PECULIAR_ASSIGN_OR_RETURN(galaxy.mangaid, JsonField<std::string>(json, "mangaid"));
  }
  for (const auto& [name, field] : kNumberFields) {
    if (!json.contains(name)) continue;
    PECULIAR_ASSIGN_OR_RETURN(galaxy.*field, JsonField<double>(json, name));
  }
  if (json.contains("drp3qual")) {
    PECULIAR_ASSIGN_OR_RETURN(galaxy.drp3qual, JsonField<std::int64_t>(json, "drp3qual"));
  }
  if (json.contains("agn")) {
    PECULIAR_ASSIGN_OR_RETURN(const auto classes, JsonField<std::vector<std::string>>(json, "agn"));
    for (const std::string& found : classes) {
      bool known = false;
      for (const auto& [name, field] : kAgnFields) {
        if (found != name) continue;
        galaxy.agn.*field = known = true;
      }
      if (!known) return DataLoss("'{}' is not an AGN class", found);
    }
  }
  return galaxy;
}

}  // namespace peculiar
