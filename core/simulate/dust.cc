#include "core/simulate/dust.h"

#include <cmath>

namespace peculiar {
namespace {

constexpr double kRv = 3.1;

// A(lambda) / A(V), Cardelli, Clayton and Mathis 1989, equations 2 and 3.
double CardelliRatio(double wavelength_angstrom) {
  const double x = 1e4 / wavelength_angstrom;  // 1 / micrometre
  if (x < 1.1) return (0.574 - 0.527 / kRv) * std::pow(x, 1.61);
  constexpr double kA[] = {1, 0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999};
  constexpr double kB[] = {0, 1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002};
  const double y = x - 1.82;
  double ratio = 0;
  for (int i = 7; i >= 0; --i) ratio = ratio * y + kA[i] + kB[i] / kRv;
  return ratio;
}

}  // namespace

double InternalTransmission(double av_mag, double rest_wavelength_angstrom) {
  return std::pow(10.0, -0.4 * av_mag * std::pow(rest_wavelength_angstrom / 5500, -0.7));
}

double GalacticTransmission(double ebv_mag, double observed_wavelength_angstrom) {
  return std::pow(10.0, -0.4 * kRv * ebv_mag * CardelliRatio(observed_wavelength_angstrom));
}

}  // namespace peculiar
