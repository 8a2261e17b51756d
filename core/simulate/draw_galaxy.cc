#include "core/simulate/draw_galaxy.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/simulate/dust.h"
#include "core/simulate/footprint.h"
#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

struct Range {
  double low;
  double high;
};

double Draw(Range range, Random& random) { return random.Uniform(range.low, range.high); }
double DrawLog(Range range, Random& random) {
  return std::exp(random.Uniform(std::log(range.low), std::log(range.high)));
}

// What sets the classes apart.
struct ClassRanges {
  Range nii, oiii, sii, oi, oii;  // section 9's table
  Range ew_angstrom;
  Range log_mass;
  Range av_mag;
  Range old_share;
  Range bulge_share;
  Range level_at_re;
};

const ClassRanges& RangesOf(GalaxyClass galaxy_class) {
  static constexpr ClassRanges kMetalRich = {{0.30, 0.45}, {0.2, 0.6}, {0.20, 0.40}, {0.01, 0.04},
                                             {0.8, 2},     {10, 60},   {9.5, 11.0},  {0.5, 1.5},
                                             {0.35, 0.7},  {0.0, 0.3}, {0.05, 0.25}};
  static constexpr ClassRanges kLowMass = {{0.05, 0.20}, {1, 4},      {0.15, 0.40}, {0.02, 0.06},
                                           {2, 4},       {30, 200},   {8.6, 9.7},   {0.3, 0.6},
                                           {0.05, 0.4},  {0.0, 0.05}, {0.02, 0.09}};
  static constexpr ClassRanges kComposite = {{0.50, 0.80}, {0.5, 1.2},  {0.30, 0.50}, {0.04, 0.10},
                                             {1, 3},       {5, 30},     {10.0, 11.1}, {0.5, 1.5},
                                             {0.6, 0.85},  {0.15, 0.5}, {0.07, 0.3}};
  static constexpr ClassRanges kRetired = {{0.8, 2.0},  {1, 2.5},   {0.7, 1.5},   {0.15, 0.4},
                                           {3, 6},      {0.5, 3},   {10.2, 11.4}, {0.3, 0.6},
                                           {0.95, 1.0}, {0.4, 1.0}, {0.08, 0.4}};
  switch (galaxy_class) {
    case GalaxyClass::kMetalRich:
      return kMetalRich;
    case GalaxyClass::kLowMass:
      return kLowMass;
    case GalaxyClass::kComposite:
      return kComposite;
    case GalaxyClass::kRetired:
      break;
  }
  return kRetired;
}

// Gas further out is poorer in metals: nitrogen falls, oxygen lines rise. Retired galaxies and
// those of low mass are the same all over.
LineRatios OutskirtsOf(const LineRatios& centre, GalaxyClass galaxy_class) {
  LineRatios outskirts = centre;
  if (galaxy_class == GalaxyClass::kMetalRich || galaxy_class == GalaxyClass::kComposite) {
    outskirts.nii_halpha = std::min(centre.nii_halpha, 0.38) * 0.7;
    outskirts.oiii_hbeta = std::clamp(centre.oiii_hbeta, 0.4, 0.6) * 1.3;
    outskirts.oi_halpha = std::min(centre.oi_halpha, 0.03);
    outskirts.sii_halpha = std::min(centre.sii_halpha, 0.35) * 1.05;
    outskirts.oii_hbeta = centre.oii_hbeta * 1.3;
  }
  return outskirts;
}

void AddKnots(const GalaxyTraits& traits, Random& random, GasPart& gas) {
  const auto count = 5 + random.Below(8);
  for (std::uint64_t i = 0; i < count; ++i) {
    const double radius = traits.re_arcsec * std::sqrt(random.Uniform()) * 1.8;
    const double angle = random.Uniform(0, 2 * std::numbers::pi);
    // Knots lie in the plane: squeezed along the minor axis like the disc.
    const double major = radius * std::cos(angle);
    const double minor =
        radius * std::sin(angle) * std::cos(traits.inclination_deg * std::numbers::pi / 180);
    const double turn = traits.position_angle_deg * std::numbers::pi / 180;
    gas.knots.push_back({-major * std::sin(turn) + minor * std::cos(turn),
                         major * std::cos(turn) + minor * std::sin(turn), random.Uniform(0.4, 1.0),
                         random.Uniform(0.5, 3)});
  }
}

GasPart GasDiscOf(const GalaxyTraits& traits, Random& random) {
  GasPart gas;
  gas.shape.orientation = {0, 0, traits.inclination_deg, traits.position_angle_deg};
  const bool retired = traits.galaxy_class == GalaxyClass::kRetired;
  gas.shape.half_light_arcsec = traits.re_arcsec * (retired ? 0.9 : random.Uniform(1.0, 1.4));
  gas.rotation = {traits.v_max_km_s, traits.turnover_arcsec};
  gas.centre = StrengthsOf(traits.ratios);
  gas.outskirts = StrengthsOf(OutskirtsOf(traits.ratios, traits.galaxy_class));
  gas.gradient_arcsec = 2 * traits.re_arcsec;
  gas.sigma_km_s = traits.gas_sigma_km_s;
  gas.av_mag = traits.av_mag;
  if (!retired) AddKnots(traits, random, gas);
  return gas;
}

}  // namespace

LineRatios DrawRatios(GalaxyClass galaxy_class, Random& random) {
  const ClassRanges& ranges = RangesOf(galaxy_class);
  LineRatios ratios;
  // [NII] and [OIII] run against each other along the star-forming sequence.
  const double t = random.Uniform();
  const double along = std::clamp(t + 0.15 * random.Normal(), 0.0, 1.0);
  const bool retired = galaxy_class == GalaxyClass::kRetired;
  const auto at = [](Range range, double share) {
    return range.low * std::pow(range.high / range.low, share);
  };
  ratios.nii_halpha = at(ranges.nii, t);
  ratios.oiii_hbeta = at(ranges.oiii, retired ? random.Uniform() : 1 - along);
  ratios.sii_halpha = Draw(ranges.sii, random);
  ratios.oi_halpha = DrawLog(ranges.oi, random);
  ratios.oii_hbeta = Draw(ranges.oii, random);
  ratios.sii_6718_over_6732 = random.Uniform(1.3, 1.45);
  ratios.halpha_hbeta = retired ? 3.0 : 2.86;
  ratios.oiii_4364_over_5008 = galaxy_class == GalaxyClass::kLowMass ? 0.012 : 0.004;
  return ratios;
}

GalaxyTraits DrawTraits(GalaxyClass galaxy_class, int fibres, Random& random) {
  const ClassRanges& ranges = RangesOf(galaxy_class);
  const BundleKind* bundle = FindBundleKind(fibres);
  GalaxyTraits traits;
  traits.galaxy_class = galaxy_class;
  traits.log_mass = Draw(ranges.log_mass, random);
  // The survey takes brighter galaxies further out.
  traits.z =
      std::clamp(0.018 + 0.011 * (traits.log_mass - 8.6) + 0.008 * random.Normal(), 0.012, 0.075);
  const double radius = bundle == nullptr ? 6.25 : bundle->diameter_arcsec / 2;
  traits.re_arcsec = std::clamp(radius / random.Uniform(1.5, 2.5), 2.0, 10.0);
  traits.bulge_share = Draw(ranges.bulge_share, random);
  traits.sersic_index = 1 + 3 * traits.bulge_share + 0.2 * random.Uniform();
  // Edge-on galaxies are seen through more dust than section 9's range has; 80 degrees is the end.
  traits.inclination_deg =
      std::acos(random.Uniform(std::cos(80 * std::numbers::pi / 180), 1)) * 180 / std::numbers::pi;
  traits.position_angle_deg = random.Uniform(0, 360);
  const double v_max = std::pow(10, 2.2 + 0.27 * (traits.log_mass - 10) + 0.05 * random.Normal());
  traits.v_max_km_s = std::clamp(v_max, 60.0, 280.0);
  traits.turnover_arcsec = traits.re_arcsec * random.Uniform(0.3, 1);
  traits.av_mag = Draw(ranges.av_mag, random);
  traits.ebv_mag = std::min(0.2, 0.01 - 0.03 * std::log(1 - random.Uniform()));
  traits.old_share = Draw(ranges.old_share, random);
  traits.halpha_ew_angstrom = DrawLog(ranges.ew_angstrom, random);
  traits.level_at_re = DrawLog(ranges.level_at_re, random);
  traits.gas_sigma_km_s = random.Uniform(20, 30);
  traits.ratios = DrawRatios(galaxy_class, random);
  return traits;
}

double ContinuumAtHalpha(const GalaxyModel& model) {
  double sum = 0;
  for (const StellarPart& part : model.stars) {
    if (part.kind == Continuum::kForegroundStar) continue;
    double shape = ContinuumShape(part.kind, 6480);  // beside the line, where nothing absorbs
    if (part.kind == Continuum::kOld) {
      shape =
          part.old_share * shape + (1 - part.old_share) * ContinuumShape(Continuum::kYoung, 6480);
    }
    sum += part.flux_5500 * shape * InternalTransmission(part.av_mag, kHalphaAngstrom);
  }
  return sum;
}

GalaxyModel BuildGalaxy(const GalaxyTraits& traits, Random& random) {
  GalaxyModel model;
  model.z = traits.z;
  model.ebv_mag = traits.ebv_mag;

  StellarPart disc;
  disc.shape.orientation = {0, 0, traits.inclination_deg, traits.position_angle_deg};
  disc.shape.half_light_arcsec = traits.re_arcsec;
  disc.rotation = {traits.v_max_km_s, traits.turnover_arcsec};
  disc.z = traits.z;
  disc.old_share = traits.old_share;
  disc.av_mag = 0.44 * traits.av_mag;
  // Face-on level at the half-light radius to total: an exponential's integral.
  const double scale = traits.re_arcsec / kSpaxelArcsec / 1.678;
  const double total = traits.level_at_re * 2 * std::numbers::pi * scale * scale * std::exp(1.678);
  disc.flux_5500 = total * (1 - traits.bulge_share);

  StellarPart bulge = disc;
  bulge.shape.profile = Profile::kBulge;
  bulge.shape.orientation.inclination_deg = std::min(35.0, traits.inclination_deg);
  bulge.shape.half_light_arcsec = std::max(0.6, 0.35 * traits.re_arcsec);
  bulge.shape.sersic_index = 3;
  bulge.rotation.v_max_km_s *= 0.3;
  bulge.old_share = std::max(0.9, traits.old_share);
  bulge.flux_5500 = total * traits.bulge_share;

  if (traits.bulge_share < 0.999) model.stars.push_back(disc);
  if (traits.bulge_share > 0.001) model.stars.push_back(bulge);
  GasPart gas = GasDiscOf(traits, random);
  gas.halpha_flux = traits.halpha_ew_angstrom * (1 + traits.z) * ContinuumAtHalpha(model);
  model.gas.push_back(std::move(gas));
  return model;
}

}  // namespace peculiar
