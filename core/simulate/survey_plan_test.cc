#include "core/simulate/survey_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/cube/galaxy.h"
#include "core/cube/quality.h"
#include "core/simulate/artefacts.h"
#include "core/simulate/simulated_galaxy.h"

namespace peculiar {
namespace {

std::vector<PlannedGalaxy> Plan(const SurveyOptions& options) {
  return PlanSurvey(options).value();
}

TEST(SurveyPlanTest, PlateIfusAreUniqueAndGenuineInForm) {
  for (const int fibres : {0, 19, 127}) {
    const auto plan = Plan({.galaxies = 1200, .fibres = fibres});
    ASSERT_EQ(plan.size(), 1200U);
    std::set<std::string> names;
    for (const PlannedGalaxy& galaxy : plan) {
      ASSERT_TRUE(IsPlateIfu(galaxy.plateifu)) << galaxy.plateifu;
      ASSERT_TRUE(IsMangaId(galaxy.mangaid)) << galaxy.mangaid;
      EXPECT_EQ(FibresOf(galaxy.plateifu), galaxy.fibres);
      if (fibres != 0) {
        EXPECT_EQ(galaxy.fibres, fibres);
      }
      const int plate = std::stoi(galaxy.plateifu);
      EXPECT_TRUE(plate < 7443 || plate > 13000) << plate;  // not a real one's
      names.insert(galaxy.plateifu);
    }
    EXPECT_EQ(names.size(), plan.size());
  }
}

TEST(SurveyPlanTest, EveryKindIsPlantedFrom48GalaxiesOn) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    std::map<Anomaly, int> counts;
    for (const PlannedGalaxy& galaxy : Plan({.galaxies = 48, .seed = seed})) {
      ++counts[galaxy.anomaly];
    }
    EXPECT_EQ(counts.size(), kAnomalies.size() + 1);
    EXPECT_EQ(counts[Anomaly::kNone], 38);
  }
}

TEST(SurveyPlanTest, OnlyTheKindsAskedForArePlanted) {
  std::map<Anomaly, int> counts;
  for (const PlannedGalaxy& galaxy :
       Plan({.galaxies = 100, .anomalies = {Anomaly::kLoneLine, Anomaly::kSeyfertCore}})) {
    ++counts[galaxy.anomaly];
  }
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts[Anomaly::kLoneLine], 9);
  EXPECT_EQ(counts[Anomaly::kSeyfertCore], 9);
  EXPECT_FALSE(PlanSurvey({.anomalies = {}}).ok());
  EXPECT_EQ(*ParseAnomaly("lone_line"), Anomaly::kLoneLine);
  EXPECT_EQ(ParseAnomaly("blazar").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SurveyPlanTest, TheMixIsTheDocumentedOne) {
  const auto plan = Plan({.galaxies = 1000, .seed = 7});
  std::map<GalaxyClass, double> normal;
  double anomalies = 0;
  double repeats = 0;
  double singles = 0;
  std::map<int, double> fibres;
  for (const PlannedGalaxy& galaxy : plan) {
    ++fibres[galaxy.fibres];
    if (!galaxy.is_repeat_of.empty()) {
      ++repeats;
    } else if (galaxy.anomaly != Anomaly::kNone) {
      ++anomalies;
    } else {
      ++normal[galaxy.galaxy_class];
      ++singles;
    }
  }
  EXPECT_EQ(anomalies, 180);
  EXPECT_EQ(repeats, 50);
  EXPECT_NEAR(normal[GalaxyClass::kMetalRich] / singles, 0.40, 0.002);
  EXPECT_NEAR(normal[GalaxyClass::kLowMass] / singles, 0.20, 0.002);
  EXPECT_NEAR(normal[GalaxyClass::kComposite] / singles, 0.15, 0.002);
  EXPECT_NEAR(normal[GalaxyClass::kRetired] / singles, 0.25, 0.002);
  EXPECT_NEAR(fibres[127] / 1000, 3041.0 / 10299, 0.05);
  EXPECT_NEAR(fibres[19] / 1000, 1203.0 / 10299, 0.03);
}

TEST(SurveyPlanTest, RepeatsShareTheGalaxyOnAnotherPlate) {
  const auto plan = Plan({.galaxies = 100, .fibres = 37});
  int repeats = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].is_repeat_of.empty()) {
      EXPECT_EQ(plan[i].source, i);
      continue;
    }
    ++repeats;
    const PlannedGalaxy& first = plan[plan[i].source];
    EXPECT_EQ(plan[i].is_repeat_of, first.plateifu);
    EXPECT_EQ(plan[i].mangaid, first.mangaid);
    EXPECT_EQ(plan[i].anomaly, Anomaly::kNone);
    EXPECT_NE(std::stoi(plan[i].plateifu), std::stoi(first.plateifu));
    const SimulatedGalaxy a = DrawSimulatedGalaxy(1, plan, plan[i].source);
    const SimulatedGalaxy b = DrawSimulatedGalaxy(1, plan, i);
    EXPECT_EQ(a.traits.z, b.traits.z);
    EXPECT_EQ(a.record.ra_deg, b.record.ra_deg);
    EXPECT_NE(a.observation.seed, b.observation.seed);
    EXPECT_NE(a.observation.offset_x_arcsec, b.observation.offset_x_arcsec);
  }
  EXPECT_EQ(repeats, 5);
}

TEST(SurveyPlanTest, OddOptionsAreRefused) {
  EXPECT_FALSE(PlanSurvey({.galaxies = 0}).ok());
  EXPECT_FALSE(PlanSurvey({.galaxies = 20000}).ok());
  EXPECT_FALSE(PlanSurvey({.fibres = 20}).ok());
  EXPECT_FALSE(PlanSurvey({.anomaly_share = 0.9, .repeat_share = 0.2}).ok());
  EXPECT_EQ(Plan({.galaxies = 1}).size(), 1U);
  EXPECT_EQ(Plan({.galaxies = 7, .anomaly_share = 0, .repeat_share = 0.9}).size(), 7U);
}

TEST(SimulatedGalaxyTest, TraitsStayInTheSurveysRanges) {
  const auto plan = Plan({.galaxies = 100, .seed = 3});
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const SimulatedGalaxy galaxy = DrawSimulatedGalaxy(3, plan, i);
    const GalaxyTraits& traits = galaxy.traits;
    EXPECT_GT(traits.z, 0);
    EXPECT_LT(traits.z, 0.08);
    EXPECT_GE(galaxy.halpha_peak, 0.01) << galaxy.plan.plateifu;
    EXPECT_LE(galaxy.halpha_peak, 800) << galaxy.plan.plateifu;
    if (plan[i].anomaly == Anomaly::kBlueberry) {
      EXPECT_GT(galaxy.halpha_peak, 70);
      EXPECT_GT(traits.halpha_ew_angstrom, 499);
      continue;
    }
    EXPECT_GE(traits.re_arcsec, 2);
    EXPECT_LE(traits.re_arcsec, 10);
    EXPECT_GE(traits.v_max_km_s, 60);
    EXPECT_LE(traits.v_max_km_s, 280);
  }
}

TEST(SimulatedGalaxyTest, EquivalentWidthIsTheDrawnOne) {
  const auto plan = Plan({.galaxies = 60, .seed = 3, .fibres = 19});
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].anomaly != Anomaly::kNone) continue;
    const SimulatedGalaxy galaxy = DrawSimulatedGalaxy(3, plan, i);
    const double continuum = ContinuumAtHalpha(galaxy.model);
    EXPECT_NEAR(galaxy.model.gas[0].halpha_flux / continuum / (1 + galaxy.traits.z),
                galaxy.traits.halpha_ew_angstrom, 1e-9 * galaxy.traits.halpha_ew_angstrom);
  }
}

TEST(SimulatedGalaxyTest, ClassesLieWhereTheBptDiagramHasThem) {
  const auto kauffmann = [](double x) { return 0.61 / (x - 0.05) + 1.30; };
  const auto kewley = [](double x) { return 0.61 / (x - 0.47) + 1.19; };
  Random random(8);
  for (int i = 0; i < 300; ++i) {
    const auto place = [&](GalaxyClass kind) {
      const LineRatios ratios = DrawRatios(kind, random);
      return std::pair(std::log10(ratios.nii_halpha), std::log10(ratios.oiii_hbeta));
    };
    for (const GalaxyClass kind : {GalaxyClass::kMetalRich, GalaxyClass::kLowMass}) {
      const auto [x, y] = place(kind);
      EXPECT_LT(y, kauffmann(x));
    }
    const auto [x, y] = place(GalaxyClass::kComposite);
    EXPECT_LT(y, kewley(x));
    EXPECT_TRUE(x >= 0.05 || y > kauffmann(x) - 0.35) << x << " " << y;
    const auto [xr, yr] = place(GalaxyClass::kRetired);
    EXPECT_LT(yr, 1.05 * xr + 0.56);  // LINER side
  }
}

TEST(SimulatedGalaxyTest, AgnFlagsAreIncomplete) {
  const auto plan = Plan({.galaxies = 500, .seed = 5, .fibres = 19, .anomaly_share = 0.6});
  int planted = 0;
  int listed = 0;
  int others = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const bool core =
        plan[i].anomaly == Anomaly::kSeyfertCore || plan[i].anomaly == Anomaly::kBroadLineCore;
    const bool flagged = DrawSimulatedGalaxy(5, plan, i).record.agn.any();
    planted += core;
    listed += core && flagged;
    others += !core && flagged;
  }
  EXPECT_GT(listed, 0.6 * planted);
  EXPECT_LT(listed, 0.95 * planted);
  EXPECT_GT(others, 0);
}

TEST(SimulatedGalaxyTest, ArtefactsAreInTheQualityOfTheTable) {
  const auto plan = Plan({.galaxies = 48, .fibres = 19});
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const std::int64_t quality = DrawSimulatedGalaxy(1, plan, i).record.drp3qual.value();
    std::int64_t expected = 0;
    if (plan[i].anomaly == Anomaly::kBadFlux) expected = kQualityBadFlux | kQualityCritical;
    if (plan[i].anomaly == Anomaly::kBlowtorch) expected = kQualityBlowtorch | kQualityCritical;
    EXPECT_EQ(quality, expected) << plan[i].plateifu;
  }
}

}  // namespace
}  // namespace peculiar
