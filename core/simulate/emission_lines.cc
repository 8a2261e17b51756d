#include "core/simulate/emission_lines.h"

#include <cassert>

namespace peculiar {
namespace {

// Doublets set by atomic physics or, for [OII], typical of low density (science.md section 9).
constexpr double kOiii5008Over4960 = 2.89;
constexpr double kNii6585Over6549 = 2.95;
constexpr double kOi6302Over6365 = 3.13;
constexpr double kOii3729Over3727 = 1.4;
constexpr double kSiii9533Over9071 = 2.47;
constexpr double kNeiii3869Over3968 = 3.32;

}  // namespace

std::size_t SimulatedLineIndex(std::string_view name) {
  std::size_t i = 0;
  while (i < kSimulatedLines.size() && kSimulatedLines[i].name != name) ++i;
  assert(i < kSimulatedLines.size());
  return i;
}

LineStrengths BalmerStrengths(double halpha_hbeta) {
  LineStrengths strengths{};
  const auto set = [&](std::string_view name, double flux) {
    strengths[SimulatedLineIndex(name)] = flux;
  };
  const double hbeta = 1 / halpha_hbeta;
  set("Halpha", 1);
  set("Hbeta", hbeta);
  set("Hgamma", 0.468 * hbeta);
  set("Hdelta", 0.259 * hbeta);
  set("Hepsilon", 0.159 * hbeta);
  return strengths;
}

LineStrengths StrengthsOf(const LineRatios& ratios) {
  LineStrengths strengths = BalmerStrengths(ratios.halpha_hbeta);
  const auto set = [&](std::string_view name, double flux) {
    strengths[SimulatedLineIndex(name)] = flux;
  };
  const double hbeta = 1 / ratios.halpha_hbeta;
  const double oiii = ratios.oiii_hbeta * hbeta;
  const double oii = ratios.oii_hbeta * hbeta;
  set("[OII] 3727", oii / (1 + kOii3729Over3727));
  set("[OII] 3729", oii * kOii3729Over3727 / (1 + kOii3729Over3727));
  const double neiii = 0.09 * oiii;
  set("[NeIII] 3869", neiii);
  set("[NeIII] 3968", neiii / kNeiii3869Over3968);
  set("HeI 3889", 0.2 * hbeta);  // with H zeta, which it is blended with
  set("[SII] 4072", 0.06 * ratios.sii_halpha);
  set("[OIII] 4364", ratios.oiii_4364_over_5008 * oiii);
  set("HeII 4687", ratios.heii_hbeta * hbeta);
  set("[OIII] 4932", 3e-4 * oiii);
  set("[OIII] 4960", oiii / kOiii5008Over4960);
  set("[OIII] 5008", oiii);
  set("HeI 5877", 0.12 * hbeta);
  set("HeI 7067", 0.03 * hbeta);
  set("[OI] 6302", ratios.oi_halpha);
  set("[OI] 6365", ratios.oi_halpha / kOi6302Over6365);
  set("[NII] 6549", ratios.nii_halpha / kNii6585Over6549);
  set("[NII] 6585", ratios.nii_halpha);
  const double sii = ratios.sii_halpha;
  set("[SII] 6718", sii * ratios.sii_6718_over_6732 / (1 + ratios.sii_6718_over_6732));
  set("[SII] 6732", sii / (1 + ratios.sii_6718_over_6732));
  set("[ArIII] 7137", 0.02 + 0.01 * ratios.oiii_hbeta);
  const double siii = 0.08;
  set("[SIII] 9071", siii);
  set("[SIII] 9533", siii * kSiii9533Over9071);
  return strengths;
}

}  // namespace peculiar
