// What a simulated galaxy is made of: parts that shine with a continuum and parts that shine in
// lines, placed on the sky. Plain values: drawn by draw_galaxy.h, made into a cube by
// render_cube.h.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/simulate/emission_lines.h"
#include "core/simulate/stellar_spectrum.h"

namespace peculiar {

// Where a part lies and how it is turned. x and y run along the cube's pixel axes, relative to the
// galaxy's catalogued centre. The major axis is `position_angle_deg` from +y towards -x (north
// through east in a MaNGA cube); there positive velocities are.
struct Orientation {
  double x_arcsec = 0;
  double y_arcsec = 0;
  double inclination_deg = 0;  // 0 face-on
  double position_angle_deg = 0;
};

enum class Profile {
  kDisc,   // exponential
  kBulge,  // Sersic
  kPoint,  // unresolved: the PSF
};

struct Shape {
  Profile profile = Profile::kDisc;
  Orientation orientation;
  double half_light_arcsec = 3;  // along the major axis; > 0; not used by kPoint
  double sersic_index = 4;       // kBulge only, 0.5 to 10
};

// V = v_max tanh(R / turnover) in the plane; a negative v_max turns the other way.
struct Rotation {
  double v_max_km_s = 0;
  double turnover_arcsec = 1;
};

struct StellarPart {
  Shape shape;
  Rotation rotation;
  double z = 0;          // redshift of this part, so that a foreground star may have its own
  double flux_5500 = 1;  // total over the sky at rest 5500 A before dust, 1e-17 erg/s/cm^2/A
  double old_share = 1;  // of that flux; the rest is young. Only with `kind` kOld.
  Continuum kind = Continuum::kOld;
  double av_mag = 0;
};

// A knot of star formation: multiplies the line light around it by 1 + boost.
struct Knot {
  double x_arcsec = 0;
  double y_arcsec = 0;
  double sigma_arcsec = 1;
  double boost = 0;
};

struct GasPart {
  Shape shape;
  Rotation rotation;
  double halpha_flux = 1;     // total over the sky as it leaves the galaxy, 1e-17 erg/s/cm^2
  LineStrengths centre{};     // relative to Halpha before dust, at radius 0
  LineStrengths outskirts{};  // from `gradient_arcsec` outwards; in between linear in the radius
  double gradient_arcsec = 5;
  double sigma_km_s = 25;    // of the gas, without the instrument
  double velocity_km_s = 0;  // of the whole part, relative to the galaxy's z
  double av_mag = 0;
  std::vector<Knot> knots;
};

struct GalaxyModel {
  double z = 0.03;
  double ebv_mag = 0;  // E(B-V) of the Milky Way in front
  std::vector<StellarPart> stars;
  std::vector<GasPart> gas;
  std::optional<Orientation> foreground_star;  // where one is, to be flagged
};

}  // namespace peculiar
