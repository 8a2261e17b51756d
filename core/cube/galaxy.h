// One plate-IFU observation of a galaxy as the survey's tables describe it: a row of drpall, or of
// an AGN list.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace peculiar {

// AGN selections of Comerford et al. 2020; several for one galaxy are normal.
struct AgnFlags {
  bool infrared = false;    // WISE colours
  bool x_ray = false;       // Swift/BAT
  bool radio = false;       // NVSS and FIRST
  bool broad_line = false;  // broad Balmer lines in SDSS spectra
  bool any() const { return infrared || x_ray || radio || broad_line; }
  bool operator==(const AgnFlags&) const = default;
};

// AGN flags by plate-IFU (without the `manga-` prefix).
using AgnTable = std::map<std::string, AgnFlags>;

// A row of drpall. Fields the table does not have, or leaves at its negative sentinel, are absent.
struct GalaxyRecord {
  std::string plateifu;          // "8626-12704"
  std::string mangaid;           // "1-209232"; empty when unknown; groups repeats
  std::optional<double> z;       // redshift; absent for the sentinels -999, -9999 and blanks
  std::optional<double> ra_deg;  // OBJRA, OBJDEC: the catalogued centre of the galaxy
  std::optional<double> dec_deg;
  std::optional<std::int64_t> drp3qual;            // DRP3QUAL bits, see quality.h
  std::optional<double> stellar_mass_msun;         // nsa_elpetro_mass, h^-2 solar masses
  std::optional<double> half_light_radius_arcsec;  // nsa_elpetro_th50_r
  std::optional<double> sersic_index;              // nsa_sersic_n
  AgnFlags agn;
};

// True for PLATE-IFUDSGN as MaNGA writes it: 4 or 5 digits, '-', 3 to 5 digits, nothing else.
bool IsPlateIfu(std::string_view text);

// True for a MaNGA-ID: digits, '-', digits.
bool IsMangaId(std::string_view text);

// `text` without surrounding blanks and one `manga-` prefix; not validated.
std::string_view StripGalaxyPrefix(std::string_view text);

// Number of fibres of the bundle: IFUDSGN without its two serial digits (12704 -> 127). Requires
// IsPlateIfu.
int FibresOf(std::string_view plateifu);

}  // namespace peculiar
