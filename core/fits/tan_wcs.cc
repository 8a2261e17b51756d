#include "core/fits/tan_wcs.h"

#include <wcslib/wcs.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace peculiar {
namespace {

// wcslib's structure with its memory. Safe for concurrent use: wcsinit with explicit sizes reads no
// changeable global (wcsini would), and the units stay blank, so that wcsset runs no unit parser.
struct Wcs {
  wcsprm parameters{};
  int code = 0;

  explicit Wcs(const SkyFrame& frame) {
    parameters.flag = -1;
    code = wcsinit(1, 2, &parameters, 0, 0, 0);
    if (code != 0) return;
    std::strcpy(parameters.ctype[0], "RA---TAN");
    std::strcpy(parameters.ctype[1], "DEC--TAN");
    std::copy_n(frame.crpix, 2, parameters.crpix);
    std::copy_n(frame.crval_deg, 2, parameters.crval);
    std::copy_n(&frame.cd_deg[0][0], 4, parameters.cd);
    parameters.altlin = 2;  // a CD matrix
    code = wcsset(&parameters);
  }
  Wcs(const Wcs&) = delete;
  Wcs& operator=(const Wcs&) = delete;
  ~Wcs() { wcsfree(&parameters); }
};

}  // namespace

absl::StatusOr<PixelPosition> PixelOf(const SkyFrame& frame, double ra_deg, double dec_deg) {
  Wcs wcs(frame);
  const double world[2] = {ra_deg, dec_deg};
  double phi = 0;
  double theta = 0;
  double intermediate[2] = {};
  double pixel[2] = {};
  int flag = 0;
  int code = wcs.code;
  if (code == 0) {
    code = wcss2p(&wcs.parameters, 1, 2, world, &phi, &theta, intermediate, pixel, &flag);
  }
  if (code != 0) {
    return DataLoss("cannot place ({}, {}) deg in the image: {}", ra_deg, dec_deg,
                    code > 0 && code < 14 ? wcs_errmsg[code] : "unknown wcslib error");
  }
  if (!std::isfinite(pixel[0]) || !std::isfinite(pixel[1])) {
    return DataLoss("({}, {}) deg lies at no finite pixel of the image", ra_deg, dec_deg);
  }
  return PixelPosition{pixel[0] - 1, pixel[1] - 1};
}

}  // namespace peculiar
