// The tables beside a simulated survey's cubes: what is true of each plate-IFU, and the list of
// active galaxies that an observer would have.
#pragma once

#include <span>
#include <string>

#include "core/simulate/simulated_galaxy.h"

namespace peculiar {

// A row of truth.csv. Numbers that are not known are NaN and written as nothing.
struct TruthRow {
  GalaxyRecord record;
  std::string galaxy_class;  // ClassName, or "rebuilt_from_real_maps"
  std::string anomaly;       // AnomalyName
  std::string is_repeat_of;
  double log_mass = 0;
  double inclination_deg = 0;
  double position_angle_deg = 0;
  double v_max_km_s = 0;
  double av_mag = 0;
  double ebv_mag = 0;
  double halpha_ew_angstrom = 0;
  double halpha_peak = 0;  // brightest spaxel, 1e-17 erg/s/cm^2/spaxel
  LineRatios ratios;       // of the galaxy, not of what is planted in its core
  bool operator<(const TruthRow& other) const { return record.plateifu < other.record.plateifu; }
};

TruthRow TruthOf(const SimulatedGalaxy& galaxy);

// CSV with a line of names: plateifu, mangaid, class, anomaly, is_repeat_of, z, log_mass,
// re_arcsec, sersic_n, inclination_deg, position_angle_deg, v_max_km_s, av_mag, ebv_mag,
// halpha_ew_angstrom, halpha_peak, nii_halpha, oiii_hbeta, drp3qual.
std::string TruthCsv(std::span<const TruthRow> rows);

// CSV plateifu,wise_agn,bat_agn,radio_agn,broad_agn of those with a flag, as 0 and 1.
std::string AgnCsv(std::span<const TruthRow> rows);

}  // namespace peculiar
