// Dust: what share of the light gets through. In the galaxy a power law of wavelength, in the Milky
// Way the law of Cardelli, Clayton and Mathis 1989.
#pragma once

namespace peculiar {

// Share of light of a rest wavelength that leaves the galaxy, 10^(-0.4 A), with
// A = av_mag (wavelength / 5500 A)^-0.7 (Charlot and Fall 2000). Stars and gas alike.
double InternalTransmission(double av_mag, double rest_wavelength_angstrom);

// Share of light of an observed wavelength that passes the Milky Way; `ebv_mag` is E(B-V),
// R_V = 3.1. Valid from 3030 to 33000 A.
double GalacticTransmission(double ebv_mag, double observed_wavelength_angstrom);

}  // namespace peculiar
