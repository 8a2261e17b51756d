// Smooth analytic continua with the strongest absorption features: what simulated stars and nuclei
// shine with. Good enough to sit under emission lines, not for stellar-population work.
#pragma once

namespace peculiar {

enum class Continuum {
  kOld,             // many Gyr: 4000 A break, CaII, G band, Mgb, NaD, calcium triplet
  kYoung,           // some 100 Myr: blue, Balmer break and Balmer absorption
  kForegroundStar,  // a Milky Way star of about 5500 K
  kPowerLaw,        // an active nucleus, f ~ wavelength^-1.5
};

// Flux density per Angstrom at a rest wavelength from 3000 to 11000 A, relative to its smooth level
// at 5500 A. Positive.
double ContinuumShape(Continuum kind, double rest_wavelength_angstrom);

}  // namespace peculiar
