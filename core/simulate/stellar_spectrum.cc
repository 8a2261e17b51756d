#include "core/simulate/stellar_spectrum.h"

#include <cmath>
#include <iterator>
#include <span>

namespace peculiar {
namespace {

struct Feature {
  double wavelength_angstrom;
  double sigma_angstrom;
  double depth;  // share of the light that is missing at the centre
};

constexpr Feature kOldFeatures[] = {
    {3934.8, 7, 0.45},  {3969.6, 7, 0.45},  {4102.9, 5, 0.08},  {4227.9, 5, 0.15},
    {4305.6, 12, 0.22}, {4341.7, 5, 0.06},  {4384.0, 6, 0.14},  {4532.0, 14, 0.08},
    {4668.0, 14, 0.10}, {4862.7, 5, 0.10},  {5015.0, 12, 0.08}, {5176.0, 14, 0.22},
    {5270.0, 9, 0.13},  {5335.0, 8, 0.12},  {5406.0, 8, 0.07},  {5891.6, 4.5, 0.25},
    {5897.6, 4.5, 0.2}, {6190.0, 30, 0.07}, {6564.6, 5, 0.08},  {7100.0, 45, 0.08},
    {8190.0, 10, 0.06}, {8500.4, 5, 0.18},  {8544.4, 6, 0.28},  {8664.5, 6, 0.25}};
constexpr Feature kYoungFeatures[] = {{3798.98, 6, 0.25}, {3836.48, 7, 0.35}, {3890.16, 8, 0.38},
                                      {3934.8, 5, 0.12},  {3971.2, 8, 0.42},  {4102.9, 9, 0.36},
                                      {4341.7, 9, 0.32},  {4862.7, 9, 0.28},  {5176.0, 14, 0.06},
                                      {5893.0, 6, 0.08},  {6564.6, 8, 0.18},  {8544.4, 6, 0.12},
                                      {8664.5, 6, 0.12}};
constexpr Feature kStarFeatures[] = {{3934.8, 6, 0.6},   {3969.6, 6, 0.6},  {4102.9, 4, 0.25},
                                     {4305.6, 10, 0.3},  {4341.7, 4, 0.25}, {4862.7, 4, 0.3},
                                     {5176.0, 12, 0.3},  {5270.0, 8, 0.15}, {5893.0, 6, 0.3},
                                     {6564.6, 3.5, 0.4}, {8500.4, 4, 0.3},  {8544.4, 4.5, 0.42},
                                     {8664.5, 4.5, 0.38}};

double Absorbed(double wavelength, std::span<const Feature> features) {
  double light = 1;
  for (const Feature& feature : features) {
    const double u = (wavelength - feature.wavelength_angstrom) / feature.sigma_angstrom;
    if (std::abs(u) < 6) light *= 1 - feature.depth * std::exp(-0.5 * u * u);
  }
  return light;
}

// A step from `below` to 1 around `centre`: the 4000 A and the Balmer break.
double Break(double wavelength, double centre, double width, double below) {
  return below + (1 - below) / (1 + std::exp(-(wavelength - centre) / width));
}

double Planck(double wavelength_angstrom, double kelvin) {
  const double x = 1.438777e8 / (wavelength_angstrom * kelvin);
  return std::pow(wavelength_angstrom, -5) / std::expm1(x);
}

// Of a population of cool stars: a black body of 4500 K under a break.
double OldSmooth(double wavelength) {
  return Planck(wavelength, 4500) * Break(wavelength, 4000, 60, 0.62);
}
double YoungSmooth(double wavelength) {
  return Planck(wavelength, 9000) * Break(wavelength, 3680, 25, 0.55);
}

}  // namespace

double ContinuumShape(Continuum kind, double rest_wavelength_angstrom) {
  const double wavelength = rest_wavelength_angstrom;
  switch (kind) {
    case Continuum::kOld:
      return OldSmooth(wavelength) / OldSmooth(5500) * Absorbed(wavelength, kOldFeatures);
    case Continuum::kYoung:
      return YoungSmooth(wavelength) / YoungSmooth(5500) * Absorbed(wavelength, kYoungFeatures);
    case Continuum::kForegroundStar:
      return Planck(wavelength, 5500) / Planck(5500, 5500) * Absorbed(wavelength, kStarFeatures);
    case Continuum::kPowerLaw:
      break;
  }
  return std::pow(wavelength / 5500, -1.5);
}

}  // namespace peculiar
