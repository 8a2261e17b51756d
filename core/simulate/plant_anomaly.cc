#include "core/simulate/plant_anomaly.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/simulate/survey_grid.h"

namespace peculiar {
namespace {

double DrawLog(double low, double high, Random& random) {
  return std::exp(random.Uniform(std::log(low), std::log(high)));
}

// Total flux of a point whose brightest spaxel has `peak`.
double PointFlux(double peak) {
  return peak * 2 * std::numbers::pi * kPsfSigmaPixels * kPsfSigmaPixels;
}

GasPart NuclearGas(const GalaxyTraits& traits, const LineStrengths& strengths, double peak,
                   double sigma_km_s) {
  GasPart gas;
  gas.shape.profile = Profile::kPoint;
  gas.halpha_flux = PointFlux(peak);
  gas.centre = gas.outskirts = strengths;
  gas.sigma_km_s = sigma_km_s;
  gas.av_mag = 0.5 * traits.av_mag;
  return gas;
}

void PlantSeyfert(const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  const LineStrengths strengths = StrengthsOf(DrawSeyfertRatios(random));
  model.gas.push_back(
      NuclearGas(traits, strengths, DrawLog(6, 80, random), random.Uniform(90, 200)));
  GasPart& nucleus = model.gas.back();
  nucleus.velocity_km_s = random.Uniform(-40, 20);
  // A narrow-line region that is resolved: a tenth to a third of the nucleus, spread over 1-2
  // arcsec.
  GasPart halo = nucleus;
  halo.shape.profile = Profile::kDisc;
  halo.shape.orientation = {0, 0, 40, traits.position_angle_deg + 90};
  halo.shape.half_light_arcsec = random.Uniform(1.2, 2.5);
  halo.halpha_flux *= random.Uniform(0.1, 0.35);
  model.gas.push_back(std::move(halo));
}

void PlantBroadLines(const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  const double narrow = DrawLog(2, 20, random);
  const LineStrengths narrow_strengths = StrengthsOf(DrawSeyfertRatios(random));
  model.gas.push_back(NuclearGas(traits, narrow_strengths, narrow, random.Uniform(90, 180)));
  model.gas.push_back(NuclearGas(traits, BalmerStrengths(3.1), narrow * random.Uniform(4, 10),
                                 random.Uniform(1050, 2400)));
  model.gas.back().velocity_km_s = random.Uniform(-200, 200);
  StellarPart nucleus;
  nucleus.shape.profile = Profile::kPoint;
  nucleus.kind = Continuum::kPowerLaw;
  nucleus.z = traits.z;
  nucleus.flux_5500 = PointFlux(DrawLog(0.15, 1.5, random));
  nucleus.av_mag = 0.3 * traits.av_mag;
  model.stars.push_back(nucleus);
}

void PlantLoneLine(const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  LineStrengths strengths = {};
  strengths[SimulatedLineIndex("[OIII] 5008")] = 1;
  model.gas.push_back(NuclearGas(traits, strengths, DrawLog(150, 500, random), 90));
}

// Either two peaks or one very wide component, around the middle of the galaxy.
void PlantDisturbedLines(const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  GasPart wind = model.gas.back();
  wind.shape.half_light_arcsec = std::max(1.0, 0.5 * traits.re_arcsec);
  wind.knots.clear();
  LineRatios ratios = traits.ratios;
  ratios.nii_halpha = std::max(0.6, ratios.nii_halpha);  // shocked
  ratios.sii_halpha = std::max(0.5, ratios.sii_halpha);
  ratios.oi_halpha = std::max(0.12, ratios.oi_halpha);
  ratios.oiii_hbeta = std::max(1.5, ratios.oiii_hbeta);
  wind.centre = wind.outskirts = StrengthsOf(ratios);
  wind.halpha_flux = std::max(0.6 * model.gas.back().halpha_flux, PointFlux(2));
  wind.rotation.v_max_km_s *= 0.3;
  if (random.Uniform() < 0.5) {
    wind.sigma_km_s = random.Uniform(420, 700);
    wind.velocity_km_s = random.Uniform(-300, -100);
    model.gas.push_back(std::move(wind));
    return;
  }
  wind.sigma_km_s = random.Uniform(60, 100);
  wind.halpha_flux *= 0.5;
  wind.velocity_km_s = random.Uniform(220, 350);
  model.gas.push_back(wind);
  wind.velocity_km_s = -wind.velocity_km_s;
  model.gas.push_back(std::move(wind));
}

void PlantMerger(const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  const double distance = traits.re_arcsec * random.Uniform(0.9, 1.5);
  const double angle = random.Uniform(0, 2 * std::numbers::pi);
  const double velocity = (random.Uniform() < 0.5 ? -1 : 1) * random.Uniform(120, 320);
  GalaxyTraits other = traits;
  other.re_arcsec = std::max(1.2, 0.5 * traits.re_arcsec);
  other.inclination_deg = random.Uniform(10, 70);
  other.position_angle_deg = random.Uniform(0, 360);
  other.v_max_km_s = std::max(60.0, 0.7 * traits.v_max_km_s);
  other.turnover_arcsec *= 0.5;
  other.level_at_re = 2.2 * traits.level_at_re;  // compact: dense
  other.halpha_ew_angstrom = std::max(25.0, 1.5 * traits.halpha_ew_angstrom);
  other.old_share = std::min(0.5, traits.old_share);
  GalaxyModel second = BuildGalaxy(other, random);
  const double x = distance * std::cos(angle);
  const double y = distance * std::sin(angle);
  const auto move = [&](Orientation& orientation) {
    orientation.x_arcsec += x;
    orientation.y_arcsec += y;
  };
  for (StellarPart& part : second.stars) {
    move(part.shape.orientation);
    part.z += (1 + traits.z) * velocity / kSpeedOfLightKmPerS;
    model.stars.push_back(part);
  }
  for (GasPart& part : second.gas) {
    move(part.shape.orientation);
    for (Knot& knot : part.knots)
      knot = {knot.x_arcsec + x, knot.y_arcsec + y, knot.sigma_arcsec, knot.boost};
    part.velocity_km_s += velocity;
    part.sigma_km_s = random.Uniform(45, 90);
    model.gas.push_back(part);
  }
}

void PlantForegroundStar(const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  StellarPart star;
  star.kind = Continuum::kForegroundStar;
  star.z = random.Uniform(-80, 80) / kSpeedOfLightKmPerS;
  star.shape.profile = Profile::kPoint;
  const double distance = std::clamp(random.Uniform(0.6, 1.3) * traits.re_arcsec, 2.0, 6.0);
  const double angle = random.Uniform(0, 2 * std::numbers::pi);
  star.shape.orientation.x_arcsec = distance * std::cos(angle);
  star.shape.orientation.y_arcsec = distance * std::sin(angle);
  star.flux_5500 = PointFlux(DrawLog(2, 20, random));
  model.foreground_star = star.shape.orientation;
  model.stars.push_back(star);
}

// All of a blueberry comes from one point; its continuum follows from the equivalent width.
void PlantBlueberry(const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  GasPart& gas = model.gas.back();
  gas.shape.profile = Profile::kPoint;
  gas.knots.clear();
  gas.halpha_flux = PointFlux(DrawLog(80, 600, random));
  const double wanted = gas.halpha_flux / (traits.halpha_ew_angstrom * (1 + traits.z));
  const double scale = wanted / ContinuumAtHalpha(model);
  for (StellarPart& part : model.stars) {
    part.shape.profile = Profile::kPoint;
    part.flux_5500 *= scale;
  }
}

}  // namespace

LineRatios DrawSeyfertRatios(Random& random) {
  LineRatios ratios;
  ratios.nii_halpha = DrawLog(0.6, 1.5, random);
  ratios.oiii_hbeta = DrawLog(4, 12, random);
  ratios.sii_halpha = random.Uniform(0.35, 0.8);
  ratios.oi_halpha = random.Uniform(0.08, 0.25);
  ratios.oii_hbeta = random.Uniform(2, 5);
  ratios.halpha_hbeta = 3.1;
  ratios.sii_6718_over_6732 = random.Uniform(1.0, 1.25);
  ratios.heii_hbeta = random.Uniform(0.1, 0.3);
  ratios.oiii_4364_over_5008 = 0.01;
  return ratios;
}

GalaxyClass HostOf(Anomaly anomaly, Random& random) {
  const double t = random.Uniform();
  switch (anomaly) {
    case Anomaly::kBlueberry:
      return GalaxyClass::kLowMass;
    case Anomaly::kSeyfertCore:
    case Anomaly::kBroadLineCore:
      return t < 0.5 ? GalaxyClass::kComposite : GalaxyClass::kMetalRich;
    case Anomaly::kDisturbedLines:
      return t < 0.6 ? GalaxyClass::kMetalRich : GalaxyClass::kComposite;
    case Anomaly::kCounterRotation:
      return t < 0.5 ? GalaxyClass::kRetired : GalaxyClass::kComposite;
    default:
      return t < 0.45   ? GalaxyClass::kMetalRich
             : t < 0.65 ? GalaxyClass::kLowMass
             : t < 0.8  ? GalaxyClass::kComposite
                        : GalaxyClass::kRetired;
  }
}

void PrepareTraits(Anomaly anomaly, Random& random, GalaxyTraits& traits) {
  if (anomaly == Anomaly::kCounterRotation) {
    traits.halpha_ew_angstrom = std::max(traits.halpha_ew_angstrom, random.Uniform(4, 12));
    traits.inclination_deg = std::max(traits.inclination_deg, random.Uniform(40, 65));
  }
  if (anomaly != Anomaly::kBlueberry) return;
  // Measured on 8626-12704 and its like.
  traits.log_mass = random.Uniform(7.8, 8.8);
  traits.re_arcsec = random.Uniform(0.5, 0.9);  // unresolved
  traits.bulge_share = 0;
  traits.sersic_index = 1;
  traits.inclination_deg = random.Uniform(5, 40);
  traits.av_mag = random.Uniform(0.1, 0.3);
  traits.old_share = 0.05;
  traits.v_max_km_s = random.Uniform(20, 40);
  traits.turnover_arcsec = 0.5;
  traits.gas_sigma_km_s = random.Uniform(30, 50);
  traits.halpha_ew_angstrom = random.Uniform(500, 1500);
  LineRatios& ratios = traits.ratios;
  ratios.nii_halpha = random.Uniform(0.03, 0.07);
  ratios.oiii_hbeta = random.Uniform(5, 8);
  ratios.sii_halpha = random.Uniform(0.05, 0.10);
  ratios.oi_halpha = random.Uniform(0.005, 0.015);
  ratios.oii_hbeta = random.Uniform(0.3, 1.4);
  ratios.sii_6718_over_6732 = random.Uniform(1.1, 1.3);
  ratios.oiii_4364_over_5008 = random.Uniform(0.015, 0.025);
}

void PlantAnomaly(Anomaly anomaly, const GalaxyTraits& traits, Random& random, GalaxyModel& model) {
  switch (anomaly) {
    case Anomaly::kBlueberry:
      return PlantBlueberry(traits, random, model);
    case Anomaly::kSeyfertCore:
      return PlantSeyfert(traits, random, model);
    case Anomaly::kBroadLineCore:
      return PlantBroadLines(traits, random, model);
    case Anomaly::kDisturbedLines:
      return PlantDisturbedLines(traits, random, model);
    case Anomaly::kMerger:
      return PlantMerger(traits, random, model);
    case Anomaly::kCounterRotation:
      model.gas.back().rotation.v_max_km_s *= -1;
      return;
    case Anomaly::kForegroundStar:
      return PlantForegroundStar(traits, random, model);
    case Anomaly::kLoneLine:
      return PlantLoneLine(traits, random, model);
    case Anomaly::kNone:
    case Anomaly::kBlowtorch:
    case Anomaly::kDeadFibre:
    case Anomaly::kBadFlux:
      return;
  }
}

}  // namespace peculiar
