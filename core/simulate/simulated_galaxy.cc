#include "core/simulate/simulated_galaxy.h"

#include <cmath>

#include "core/cube/quality.h"
#include "core/simulate/artefacts.h"
#include "core/simulate/plant_anomaly.h"
#include "core/simulate/render_lines.h"

namespace peculiar {
namespace {

// Streams of random numbers; a galaxy's own come from its source, an observation's from its place.
constexpr std::uint64_t kGalaxyStream = 0x67616c6178;   // "galax"
constexpr std::uint64_t kObserveStream = 0x6f62736572;  // "obser"
constexpr std::uint64_t kAgnStream = 0x61676e;          // "agn"

Artefact ArtefactOf(Anomaly anomaly) {
  switch (anomaly) {
    case Anomaly::kBlowtorch:
      return Artefact::kBlowtorch;
    case Anomaly::kDeadFibre:
      return Artefact::kDeadFibre;
    case Anomaly::kBadFlux:
      return Artefact::kBadFlux;
    default:
      return Artefact::kNone;
  }
}

std::int64_t QualityOf(Artefact artefact) {
  switch (artefact) {
    case Artefact::kBlowtorch:
      return kQualityBlowtorch | kQualityCritical;
    case Artefact::kBadFlux:
      return kQualityBadFlux | kQualityCritical;
    default:
      return 0;
  }
}

AgnFlags DrawAgnFlags(const PlannedGalaxy& plan, Random& random) {
  AgnFlags flags;
  const auto chance = [&](double share) { return random.Uniform() < share; };
  if (plan.anomaly == Anomaly::kBroadLineCore) {
    flags = {chance(0.35), chance(0.2), chance(0.2), chance(0.85)};
  } else if (plan.anomaly == Anomaly::kSeyfertCore) {
    flags = {chance(0.3), chance(0.08), chance(0.5), false};
  } else if (plan.anomaly == Anomaly::kNone && plan.galaxy_class == GalaxyClass::kRetired) {
    flags.radio = chance(0.1);
  }
  return flags;
}

Observation DrawObservation(std::uint64_t seed, const PlannedGalaxy& plan, std::size_t position) {
  Random random(seed, {kObserveStream, position});
  Observation observation;
  observation.plateifu = plan.plateifu;
  observation.mangaid = plan.mangaid;
  observation.offset_x_arcsec = 0.15 * random.Normal();
  observation.offset_y_arcsec = 0.15 * random.Normal();
  observation.noise_scale = std::exp(0.12 * random.Normal());
  observation.seed = random.Next();
  observation.artefact = ArtefactOf(plan.anomaly);
  return observation;
}

GalaxyRecord RecordOf(const SimulatedGalaxy& galaxy) {
  constexpr double kHubble = 0.7;  // NSA masses are h^-2
  GalaxyRecord record;
  record.plateifu = galaxy.plan.plateifu;
  record.mangaid = galaxy.plan.mangaid;
  record.z = galaxy.traits.z;
  record.ra_deg = galaxy.observation.ra_deg;
  record.dec_deg = galaxy.observation.dec_deg;
  record.drp3qual = QualityOf(galaxy.observation.artefact);
  record.stellar_mass_msun = std::pow(10.0, galaxy.traits.log_mass) * kHubble * kHubble;
  record.half_light_radius_arcsec = galaxy.traits.re_arcsec;
  record.sersic_index = galaxy.traits.sersic_index;
  return record;
}

}  // namespace

SimulatedGalaxy DrawSimulatedGalaxy(std::uint64_t seed, const std::vector<PlannedGalaxy>& plan,
                                    std::size_t position) {
  SimulatedGalaxy galaxy;
  galaxy.plan = plan[position];
  galaxy.bundle = FindBundleKind(galaxy.plan.fibres);
  Random random(seed, {kGalaxyStream, galaxy.plan.source});
  const double ra_deg = random.Uniform(110, 260);
  const double dec_deg = random.Uniform(-2, 60);
  galaxy.traits = DrawTraits(galaxy.plan.galaxy_class, galaxy.plan.fibres, random);
  PrepareTraits(galaxy.plan.anomaly, random, galaxy.traits);
  galaxy.model = BuildGalaxy(galaxy.traits, random);
  PlantAnomaly(galaxy.plan.anomaly, galaxy.traits, random, galaxy.model);
  galaxy.observation = DrawObservation(seed, galaxy.plan, position);
  galaxy.observation.ra_deg = ra_deg;
  galaxy.observation.dec_deg = dec_deg;
  galaxy.exposures =
      std::max(3, static_cast<int>(std::lround(9 / std::pow(galaxy.observation.noise_scale, 2))));
  galaxy.halpha_peak =
      HalphaPeak(galaxy.model, GridOf(EmptyCube(*galaxy.bundle, galaxy.observation)));
  galaxy.record = RecordOf(galaxy);
  Random agn(seed, {kAgnStream, galaxy.plan.source});
  galaxy.record.agn = DrawAgnFlags(galaxy.plan, agn);
  return galaxy;
}

}  // namespace peculiar
