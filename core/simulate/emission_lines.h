// The emission lines that simulated galaxies have, and their strengths from the few ratios by which
// spectra are classified. Wavelengths are vacuum Angstrom, rest frame.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace peculiar {

struct SimulatedLine {
  std::string_view name;
  double wavelength_angstrom;
  bool balmer;  // has a broad counterpart in a broad-line core
};

// The 19 lines of the default line list and the other strong lines of the optical range.
inline constexpr std::array<SimulatedLine, 28> kSimulatedLines = {{
    {"[OII] 3727", 3727.092, false},  {"[OII] 3729", 3729.875, false},
    {"[NeIII] 3869", 3869.86, false}, {"HeI 3889", 3889.0, false},
    {"[NeIII] 3968", 3968.59, false}, {"Hepsilon", 3971.202, true},
    {"[SII] 4072", 4072.3, false},    {"Hdelta", 4102.89, true},
    {"Hgamma", 4341.68, true},        {"[OIII] 4364", 4364.436, false},
    {"HeII 4687", 4687.015, false},   {"Hbeta", 4862.68, true},
    {"[OIII] 4932", 4932.603, false}, {"[OIII] 4960", 4960.295, false},
    {"[OIII] 5008", 5008.240, false}, {"HeI 5877", 5877.243, false},
    {"[OI] 6302", 6302.046, false},   {"[OI] 6365", 6365.536, false},
    {"[NI] 6529", 6529.03, false},    {"[NII] 6549", 6549.86, false},
    {"Halpha", 6564.61, true},        {"[NII] 6585", 6585.27, false},
    {"[SII] 6718", 6718.29, false},   {"[SII] 6732", 6732.67, false},
    {"[ArIII] 7137", 7137.77, false}, {"[SIII] 9071", 9071.1, false},
    {"[SIII] 9533", 9533.2, false},   {"HeI 7067", 7067.14, false},
}};

inline constexpr double kHalphaAngstrom = 6564.61;
inline constexpr double kHbetaAngstrom = 4862.68;

// Flux ratios before dust. [NII] is 6585 alone, [OIII] 5008, [OI] 6302; [SII] and [OII] are the
// sums of their doublets.
struct LineRatios {
  double nii_halpha = 0.35;
  double oiii_hbeta = 0.4;
  double sii_halpha = 0.3;
  double oi_halpha = 0.02;
  double oii_hbeta = 1.5;
  double halpha_hbeta = 2.86;       // 3.1 in AGN
  double sii_6718_over_6732 = 1.4;  // down to 1 where the gas is dense
  double heii_hbeta = 0;
  double oiii_4364_over_5008 = 0.005;
};

// Flux of each line of kSimulatedLines for an Halpha flux of 1. All are >= 0; Halpha is 1.
using LineStrengths = std::array<double, kSimulatedLines.size()>;
LineStrengths StrengthsOf(const LineRatios& ratios);

// Flux of the Balmer lines alone, Halpha = 1: what a broad-line region emits.
LineStrengths BalmerStrengths(double halpha_hbeta);

// Position in kSimulatedLines. The name must be one of them.
std::size_t SimulatedLineIndex(std::string_view name);

}  // namespace peculiar
