#include "core/simulate/truth_table.h"

#include <cmath>

namespace peculiar {
namespace {

std::string Cell(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : std::string();
}
std::string Cell(const std::optional<double>& value, int digits) {
  return value ? Cell(*value, digits) : std::string();
}

}  // namespace

TruthRow TruthOf(const SimulatedGalaxy& galaxy) {
  const GalaxyTraits& traits = galaxy.traits;
  return {.record = galaxy.record,
          .galaxy_class = std::string(ClassName(galaxy.plan.galaxy_class)),
          .anomaly = std::string(AnomalyName(galaxy.plan.anomaly)),
          .is_repeat_of = galaxy.plan.is_repeat_of,
          .log_mass = traits.log_mass,
          .inclination_deg = traits.inclination_deg,
          .position_angle_deg = traits.position_angle_deg,
          .v_max_km_s = traits.v_max_km_s,
          .av_mag = traits.av_mag,
          .ebv_mag = traits.ebv_mag,
          .halpha_ew_angstrom = traits.halpha_ew_angstrom,
          .halpha_peak = galaxy.halpha_peak,
          .ratios = traits.ratios};
}

std::string TruthCsv(std::span<const TruthRow> rows) {
  std::string csv =
      "plateifu,mangaid,class,anomaly,is_repeat_of,z,log_mass,re_arcsec,sersic_n,inclination_deg,"
      "position_angle_deg,v_max_km_s,av_mag,ebv_mag,halpha_ew_angstrom,halpha_peak,nii_halpha,"
      "oiii_hbeta,drp3qual\n";
  for (const TruthRow& row : rows) {
    const GalaxyRecord& record = row.record;
    csv += fmt::format("{},{},{},{},{},", record.plateifu, record.mangaid, row.galaxy_class,
                       row.anomaly, row.is_repeat_of);
    csv += fmt::format("{},{},{},{},", Cell(record.z, 7), Cell(row.log_mass, 3),
                       Cell(record.half_light_radius_arcsec, 3), Cell(record.sersic_index, 3));
    csv += fmt::format("{},{},{},{},{},", Cell(row.inclination_deg, 2),
                       Cell(row.position_angle_deg, 2), Cell(row.v_max_km_s, 1),
                       Cell(row.av_mag, 3), Cell(row.ebv_mag, 4));
    csv += fmt::format("{},{},{},{},{}\n", Cell(row.halpha_ew_angstrom, 2),
                       Cell(row.halpha_peak, 3), Cell(row.ratios.nii_halpha, 4),
                       Cell(row.ratios.oiii_hbeta, 4), record.drp3qual.value_or(0));
  }
  return csv;
}

std::string AgnCsv(std::span<const TruthRow> rows) {
  std::string csv = "plateifu,wise_agn,bat_agn,radio_agn,broad_agn\n";
  for (const TruthRow& row : rows) {
    const AgnFlags& agn = row.record.agn;
    if (!agn.any()) continue;
    csv += fmt::format("{},{:d},{:d},{:d},{:d}\n", row.record.plateifu, agn.infrared, agn.x_ray,
                       agn.radio, agn.broad_line);
  }
  return csv;
}

}  // namespace peculiar
