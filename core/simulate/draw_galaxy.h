// Draws normal galaxies: what they are (traits), and from that the parts that shine.
// First step of a simulated cube; pure functions of their random stream.
#pragma once

#include "core/base/random.h"
#include "core/simulate/galaxy_class.h"
#include "core/simulate/galaxy_model.h"

namespace peculiar {

struct GalaxyTraits {
  GalaxyClass galaxy_class = GalaxyClass::kMetalRich;
  double z = 0.03;           // 0.012 to 0.075
  double log_mass = 10;      // solar masses, 8.6 to 11.4; a blueberry has less
  double re_arcsec = 4;      // half-light radius, 2 to 10; a blueberry is unresolved
  double sersic_index = 1;   // of the whole galaxy
  double bulge_share = 0.1;  // of the light
  double inclination_deg = 45;
  double position_angle_deg = 0;
  double v_max_km_s = 150;         // 60 to 280, rises with mass
  double turnover_arcsec = 2;      // 0.3 to 1 half-light radius
  double av_mag = 0.7;             // of the gas; the stars have 0.44 of it
  double ebv_mag = 0.03;           // Milky Way
  double old_share = 0.5;          // of the light at 5500 A
  double halpha_ew_angstrom = 30;  // rest frame, of the whole galaxy
  double level_at_re = 0.1;        // continuum per spaxel at the half-light radius
  double gas_sigma_km_s = 25;      // 20 to 30
  LineRatios ratios;               // at the centre
};

// `fibres` is the bundle that was chosen to cover 1.5 to 2.5 half-light radii.
GalaxyTraits DrawTraits(GalaxyClass galaxy_class, int fibres, Random& random);

// Line ratios from the class's row of the table in science.md section 9.
LineRatios DrawRatios(GalaxyClass galaxy_class, Random& random);

// Disc, bulge and gas disc of a normal galaxy. The gas is kept as the last of the parts.
GalaxyModel BuildGalaxy(const GalaxyTraits& traits, Random& random);

// Total continuum at rest Halpha after dust of all stellar parts, 1e-17 erg/s/cm^2/A: equivalent
// widths are relative to it.
double ContinuumAtHalpha(const GalaxyModel& model);

}  // namespace peculiar
