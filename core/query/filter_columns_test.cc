#include "core/query/filter_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <thread>
#include <tuple>

#include "core/base/random.h"
#include "core/cube/quality.h"

namespace peculiar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Six galaxies. 0 and 1: one MaNGA-ID, the second less masked. 2: infrared. 3: radio and CRITICAL.
// 4: no position, no DRP3QUAL. 5: at the pole.
class FilterColumnsTest : public ::testing::Test {
 protected:
  FilterColumnsTest() {
    for (int i = 0; i < 6; ++i) {
      CatalogGalaxy galaxy;
      galaxy.plateifu = fmt::format("{}-1901", 8000 + i);
      galaxy.mangaid = fmt::format("1-{}", i == 1 ? 100 : 100 + i);
      galaxy.z = 0.02 * i;
      galaxy.fibres = i % 2 == 0 ? 19 : 127;
      galaxy.ra_deg = 359.5 + i;
      if (*galaxy.ra_deg >= 360) galaxy.ra_deg = *galaxy.ra_deg - 360;
      galaxy.dec_deg = 0;
      galaxy.drp3qual = 0;
      galaxy.coverage = 1 - 0.1 * i;
      galaxy.masked_share = i == 0 ? 0.5 : 0.05 * i;
      galaxy.lines_off_grid = i;
      catalog_.galaxies.push_back(galaxy);
    }
    catalog_.galaxies[2].agn_infrared = true;
    catalog_.galaxies[3].agn_radio = true;
    catalog_.galaxies[3].drp3qual = std::int64_t{1} << 30;
    catalog_.galaxies[4].ra_deg.reset();
    catalog_.galaxies[4].drp3qual.reset();
    catalog_.galaxies[5].dec_deg = 90;
  }

  absl::StatusOr<RowSet> Select(const GalaxyFilter& filter) const {
    const GalaxyDirectory directory(catalog_);
    RowSet rows;
    const absl::Status status = FilterColumns(catalog_, directory).Select(filter, rows);
    if (!status.ok()) return status;
    return rows;
  }

  std::vector<std::size_t> Rows(const GalaxyFilter& filter) const {
    const auto set = Select(filter);
    EXPECT_TRUE(set.ok()) << set.status();
    std::vector<std::size_t> rows;
    if (set.ok()) set->ForEach([&](std::size_t row) { rows.push_back(row); });
    return rows;
  }

  std::string Error(const GalaxyFilter& filter) const {
    const absl::Status status = Select(filter).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(MessageOf(status));
  }

  CatalogContent catalog_;
};

TEST_F(FilterColumnsTest, AnEmptyFilterPassesAll) {
  EXPECT_TRUE(GalaxyFilter().empty());
  EXPECT_EQ(Rows({}).size(), 6u);
}

TEST_F(FilterColumnsTest, EachConditionAlone) {
  EXPECT_THAT(Rows({.min_redshift = 0.02, .max_redshift = 0.04}), ElementsAre(1, 2));
  EXPECT_THAT(Rows({.fibres = {127, 91}}), ElementsAre(1, 3, 5));
  EXPECT_THAT(Rows({.agn = {AgnSelection::kInfrared, AgnSelection::kXRay}}), ElementsAre(2));
  EXPECT_THAT(Rows({.agn = {AgnSelection::kAny}}), ElementsAre(2, 3));
  EXPECT_THAT(Rows({.agn = {AgnSelection::kNone}}), ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(Rows({.agn = {AgnSelection::kRadio, AgnSelection::kNone}}),
              ElementsAre(0, 1, 3, 4, 5));
  EXPECT_THAT(Rows({.any_quality = {"BADFLUX", "CRITICAL"}}), ElementsAre(3));
  EXPECT_THAT(Rows({.no_quality = {"CRITICAL"}}), ElementsAre(0, 1, 2, 4, 5));
  EXPECT_THAT(Rows({.min_coverage = 0.85}), ElementsAre(0, 1));
  EXPECT_THAT(Rows({.max_masked_share = 0.1}), ElementsAre(1, 2));
  EXPECT_THAT(Rows({.max_lines_off_grid = 1}), ElementsAre(0, 1));
  EXPECT_THAT(Rows({.galaxy_ids = {"manga-8004-1901", "1-102"}}), ElementsAre(2, 4));
  EXPECT_THAT(Rows({.best_observation = true}), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(FilterColumnsTest, AConeCrossesRightAscensionZeroAndHoldsAPole) {
  EXPECT_THAT(Rows({.cone = Cone{0, 0, 0.6}}), ElementsAre(0, 1));
  EXPECT_THAT(Rows({.cone = Cone{123, 89.5, 0.6}}), ElementsAre(5));
  EXPECT_THAT(Rows({.cone = Cone{0.5, 0, 0}}), ElementsAre(1));
  EXPECT_THAT(Rows({.cone = Cone{0, 0, 180}}), ElementsAre(0, 1, 2, 3, 5));
}

TEST_F(FilterColumnsTest, AllConditionsMustHoldAndTheBestObservationIsOfThoseThatPass) {
  EXPECT_THAT(Rows({.min_redshift = 0.03, .agn = {AgnSelection::kAny}, .no_quality = {"CRITICAL"}}),
              ElementsAre(2));
  EXPECT_THAT(Rows({.max_redshift = 0.01, .best_observation = true}), ElementsAre(0));
  EXPECT_THAT(Rows({.min_redshift = 1}), IsEmpty());
}

TEST_F(FilterColumnsTest, WhatMakesNoSenseIsRefusedByName) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(Error({.min_redshift = nan}), StartsWith("BAD_FILTER: min_redshift is nan"));
  EXPECT_THAT(Error({.min_redshift = 2, .max_redshift = 1}), HasSubstr("above max_redshift"));
  EXPECT_THAT(Error({.no_quality = {"CRITCAL"}}), HasSubstr("'CRITCAL'"));
  EXPECT_THAT(Error({.min_coverage = 1.5}), HasSubstr("give 0 to 1"));
  EXPECT_THAT(Error({.cone = Cone{0, 91, 1}}), HasSubstr("cone.dec_deg is 91"));
  EXPECT_THAT(Error({.galaxy_ids = {"8485-1901-x"}}), StartsWith("MALFORMED_ID: "));
  EXPECT_THAT(Error({.fibres = {20}}), HasSubstr("fibre_counts has 20; give some of 19, 37"));
  EXPECT_THAT(Error({.max_lines_off_grid = -1}), HasSubstr("max_lines_off_grid_count is -1"));
  GalaxyFilter many;
  many.galaxy_ids.assign(kMaxFilterGalaxies + 1, "8000-1901");
  EXPECT_THAT(Error(many), HasSubstr("at most 10000"));
}

// Many galaxies of every kind, and the definition of a filter: each condition on each galaxy.
CatalogContent RandomCatalog(std::size_t n, std::uint64_t seed) {
  constexpr int kBundles[] = {19, 37, 61, 91, 127};
  Random random(seed);
  CatalogContent catalog;
  for (std::size_t i = 0; i < n; ++i) {
    CatalogGalaxy galaxy;
    galaxy.plateifu = fmt::format("{}-1901", 10'000 + i);
    if (random.Below(5) != 0) galaxy.mangaid = fmt::format("1-{}", random.Below(n / 2));
    galaxy.z = static_cast<double>(random.Below(50)) / 500;
    galaxy.fibres = kBundles[random.Below(5)];
    if (random.Below(10) != 0) {
      galaxy.ra_deg = random.Uniform(0, 360);
      galaxy.dec_deg = random.Uniform(-90, 90);
    }
    if (random.Below(4) == 0) galaxy.drp3qual = static_cast<std::int64_t>(random.Below(1u << 31));
    galaxy.agn_infrared = random.Below(10) == 0;
    galaxy.agn_radio = random.Below(10) == 0;
    galaxy.coverage = static_cast<double>(random.Below(11)) / 10;
    galaxy.masked_share = static_cast<double>(random.Below(5)) / 4;
    galaxy.lines_off_grid = static_cast<int>(random.Below(4));
    catalog.galaxies.push_back(galaxy);
  }
  catalog.tags = {{"odd", "", {}, {}}, {"rare", "", {3, 70}, {}}};
  for (std::size_t row = 1; row < n; row += 2) catalog.tags[0].galaxies.push_back(row);
  return catalog;
}

bool IsInCone(const Cone& cone, const CatalogGalaxy& galaxy) {
  if (!galaxy.ra_deg) return false;
  constexpr double kRadian = std::numbers::pi / 180;
  const double ra = *galaxy.ra_deg * kRadian, dec = *galaxy.dec_deg * kRadian;
  const double cosine =
      std::sin(dec) * std::sin(cone.dec_deg * kRadian) +
      std::cos(dec) * std::cos(cone.dec_deg * kRadian) * std::cos(ra - cone.ra_deg * kRadian);
  return std::acos(std::clamp(cosine, -1.0, 1.0)) <= cone.radius_deg * kRadian;
}

bool Passes(const GalaxyFilter& filter, const CatalogGalaxy& galaxy) {
  const auto contains = [](const auto& list, const auto& is_it) {
    return list.empty() || std::any_of(list.begin(), list.end(), is_it);
  };
  const auto has_bit = [&](const std::string& name) {
    return (galaxy.drp3qual.value_or(0) & *Drp3QualBit(name)) != 0;
  };
  return galaxy.z >= filter.min_redshift.value_or(-1) &&
         galaxy.z <= filter.max_redshift.value_or(1) &&
         contains(filter.fibres, [&](int fibres) { return fibres == galaxy.fibres; }) &&
         contains(filter.agn, [&](AgnSelection agn) { return IsSelected(galaxy, agn); }) &&
         contains(filter.any_quality, has_bit) &&
         std::none_of(filter.no_quality.begin(), filter.no_quality.end(), has_bit) &&
         galaxy.coverage >= filter.min_coverage.value_or(0) &&
         galaxy.masked_share <= filter.max_masked_share.value_or(1) &&
         galaxy.lines_off_grid <= filter.max_lines_off_grid.value_or(99) &&
         (!filter.cone || IsInCone(*filter.cone, galaxy));
}

std::vector<std::size_t> BruteForce(const GalaxyFilter& filter, const CatalogContent& catalog) {
  std::vector<std::size_t> passing;
  for (std::size_t row = 0; row < catalog.galaxies.size(); ++row) {
    if (!Passes(filter, catalog.galaxies[row])) continue;
    const auto has_tag = [&](const std::string& name) {
      const auto& rows = catalog.tags[name == "odd" ? 0 : 1].galaxies;
      return std::find(rows.begin(), rows.end(), row) != rows.end();
    };
    if (!filter.tags.empty() && std::none_of(filter.tags.begin(), filter.tags.end(), has_tag)) {
      continue;
    }
    passing.push_back(row);
  }
  if (!filter.best_observation) return passing;
  const auto is_better = [&](std::size_t a, std::size_t b) {
    const CatalogGalaxy &x = catalog.galaxies[a], &y = catalog.galaxies[b];
    return std::tuple(x.masked_share, -x.coverage, a) < std::tuple(y.masked_share, -y.coverage, b);
  };
  std::vector<std::size_t> best;
  for (const std::size_t row : passing) {
    const std::string& mangaid = catalog.galaxies[row].mangaid;
    const auto beats = [&](std::size_t other) {
      return catalog.galaxies[other].mangaid == mangaid && is_better(other, row);
    };
    if (mangaid.empty() || std::none_of(passing.begin(), passing.end(), beats)) best.push_back(row);
  }
  return best;
}

GalaxyFilter RandomFilter(Random& random) {
  const auto sometimes = [&] { return random.Below(6) == 0; };
  GalaxyFilter filter;
  if (sometimes()) filter.min_redshift = static_cast<double>(random.Below(50)) / 500;
  if (sometimes()) filter.max_redshift = filter.min_redshift.value_or(0) + 0.03;
  if (sometimes()) filter.fibres = {19, 127};
  if (sometimes()) filter.agn = {AgnSelection::kRadio};
  if (sometimes()) filter.agn.push_back(sometimes() ? AgnSelection::kNone : AgnSelection::kAny);
  if (sometimes()) filter.any_quality = {"CRITICAL", "BADFLUX"};
  if (sometimes()) filter.no_quality = {"BADFLUX"};
  if (sometimes()) filter.min_coverage = 0.3;
  if (sometimes()) filter.max_masked_share = 0.5;
  if (sometimes()) filter.max_lines_off_grid = static_cast<int>(random.Below(4));
  if (sometimes()) {
    filter.cone = Cone{random.Uniform(0, 360), random.Uniform(-90, 90), random.Uniform(0, 180)};
  }
  if (sometimes()) filter.tags = {"rare"};
  if (sometimes()) filter.tags.push_back("odd");
  filter.best_observation = sometimes();
  return filter;
}

TEST(FilterColumnsPropertyTest, AnyFilterPassesWhatEachConditionOnEachGalaxyPasses) {
  constexpr std::size_t kGalaxies = 700;
  const CatalogContent catalog = RandomCatalog(kGalaxies, 1);
  const GalaxyDirectory directory(catalog);
  const FilterColumns columns(catalog, directory);
  Random random(2);
  RowSet rows(13);  // of another size before
  std::size_t not_empty = 0;
  for (int i = 0; i < 2000; ++i) {
    const GalaxyFilter filter = RandomFilter(random);
    ASSERT_TRUE(columns.Select(filter, rows).ok());
    std::vector<std::size_t> found;
    rows.ForEach([&](std::size_t row) { found.push_back(row); });
    ASSERT_EQ(found, BruteForce(filter, catalog)) << "filter " << i;
    not_empty += found.empty() ? 0 : 1;
  }
  EXPECT_GT(not_empty, 1000u);
}

TEST(FilterColumnsPropertyTest, ThreadsThatAskAtOnceGetTheSame) {
  const CatalogContent catalog = RandomCatalog(2000, 3);
  const GalaxyDirectory directory(catalog);
  const FilterColumns columns(catalog, directory);
  const GalaxyFilter filter = {.min_redshift = 0.02,
                               .min_coverage = 0.2,
                               .max_masked_share = 0.9,
                               .max_lines_off_grid = 2,
                               .cone = Cone{100, 10, 100}};
  std::vector<RowSet> found(6);
  std::vector<std::thread> threads;
  for (RowSet& rows : found) {
    threads.emplace_back([&] { EXPECT_TRUE(columns.Select(filter, rows).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(found[0].Count(), 0u);
  for (const RowSet& rows : found) EXPECT_EQ(rows, found[0]);
}

}  // namespace
}  // namespace peculiar
