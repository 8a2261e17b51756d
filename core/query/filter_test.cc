#include "core/query/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace peculiar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Six galaxies. 0 and 1: one MaNGA-ID, the second less masked. 2: infrared. 3: radio and CRITICAL.
// 4: no position, no DRP3QUAL. 5: at the pole.
class FilterTest : public ::testing::Test {
 protected:
  FilterTest() {
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

  std::vector<std::size_t> Rows(const GalaxyFilter& filter) const {
    const auto mask = SelectRows(filter, catalog_, GalaxyDirectory(catalog_));
    EXPECT_TRUE(mask.ok()) << mask.status();
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; mask.ok() && row < mask->size(); ++row) {
      if ((*mask)[row] != 0) rows.push_back(row);
    }
    return rows;
  }

  std::string Error(const GalaxyFilter& filter) const {
    const absl::Status status = SelectRows(filter, catalog_, GalaxyDirectory(catalog_)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(MessageOf(status));
  }

  CatalogContent catalog_;
};

TEST_F(FilterTest, AnEmptyFilterPassesAll) {
  EXPECT_TRUE(GalaxyFilter().empty());
  EXPECT_EQ(Rows({}).size(), 6u);
}

TEST_F(FilterTest, EachConditionAlone) {
  EXPECT_THAT(Rows({.min_redshift = 0.02, .max_redshift = 0.04}), ElementsAre(1, 2));
  EXPECT_THAT(Rows({.fibres = {127, 91}}), ElementsAre(1, 3, 5));
  EXPECT_THAT(Rows({.agn = {AgnSelection::kInfrared, AgnSelection::kXRay}}), ElementsAre(2));
  EXPECT_THAT(Rows({.agn = {AgnSelection::kAny}}), ElementsAre(2, 3));
  EXPECT_THAT(Rows({.agn = {AgnSelection::kNone}}), ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(Rows({.any_quality = {"BADFLUX", "CRITICAL"}}), ElementsAre(3));
  EXPECT_THAT(Rows({.no_quality = {"CRITICAL"}}), ElementsAre(0, 1, 2, 4, 5));
  EXPECT_THAT(Rows({.min_coverage = 0.85}), ElementsAre(0, 1));
  EXPECT_THAT(Rows({.max_masked_share = 0.1}), ElementsAre(1, 2));
  EXPECT_THAT(Rows({.max_lines_off_grid = 1}), ElementsAre(0, 1));
  EXPECT_THAT(Rows({.galaxy_ids = {"manga-8004-1901", "1-102"}}), ElementsAre(2, 4));
  EXPECT_THAT(Rows({.best_observation = true}), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(FilterTest, AConeCrossesRightAscensionZeroAndHoldsAPole) {
  EXPECT_THAT(Rows({.cone = Cone{0, 0, 0.6}}), ElementsAre(0, 1));
  EXPECT_THAT(Rows({.cone = Cone{123, 89.5, 0.6}}), ElementsAre(5));
  EXPECT_THAT(Rows({.cone = Cone{0.5, 0, 0}}), ElementsAre(1));
  EXPECT_THAT(Rows({.cone = Cone{0, 0, 180}}), ElementsAre(0, 1, 2, 3, 5));
}

TEST_F(FilterTest, AllConditionsMustHoldAndTheBestObservationIsOfThoseThatPass) {
  EXPECT_THAT(Rows({.min_redshift = 0.03, .agn = {AgnSelection::kAny}, .no_quality = {"CRITICAL"}}),
              ElementsAre(2));
  EXPECT_THAT(Rows({.max_redshift = 0.01, .best_observation = true}), ElementsAre(0));
  EXPECT_THAT(Rows({.min_redshift = 1}), IsEmpty());
}

TEST_F(FilterTest, WhatMakesNoSenseIsRefusedByName) {
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

}  // namespace
}  // namespace peculiar
