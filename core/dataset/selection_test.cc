#include "core/dataset/selection.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/cube/quality.h"

namespace peculiar {
namespace {

GalaxyRecord Row(std::string plateifu, std::optional<double> z, std::int64_t drp3qual = 0) {
  return {.plateifu = std::move(plateifu), .z = z, .drp3qual = drp3qual};
}

TEST(SelectionTest, BothEndsOfTheRedshiftRangeAreExclusive) {
  const double below = std::nextafter(0.08, 0);
  const Selection selection = SelectGalaxies(
      {Row("8000-101", 0.0), Row("8000-102", 1e-9), Row("8000-103", below), Row("8000-104", 0.08)},
      {});
  ASSERT_EQ(selection.galaxies.size(), 2u);
  EXPECT_EQ(selection.galaxies[0].plateifu, "8000-102");
  EXPECT_EQ(selection.galaxies[1].plateifu, "8000-103");
  ASSERT_EQ(selection.excluded.size(), 2u);
  EXPECT_EQ(selection.excluded[0].reason, ExclusionReason::kRedshiftOutOfRange);
  EXPECT_EQ(selection.excluded[1].detail, "redshift 0.08, accepted 0 < z < 0.08");
}

TEST(SelectionTest, AbsentAndNonFiniteRedshiftsAreNoRedshift) {
  const Selection selection =
      SelectGalaxies({Row("8000-101", std::nullopt), Row("8000-102", std::nan(""))}, {});
  EXPECT_TRUE(selection.galaxies.empty());
  EXPECT_EQ(CountReasons(selection.excluded),
            (std::map<ExclusionReason, std::size_t>{{ExclusionReason::kNoRedshift, 2}}));
}

TEST(SelectionTest, CriticalCubesAreKeptUnlessAskedAndNamedWhenDropped) {
  const std::int64_t bad = kQualityCritical | kQualityBadFlux;
  const std::vector<GalaxyRecord> rows = {Row("8626-12704", 0.01, bad), Row("8000-101", 0.01)};
  EXPECT_EQ(SelectGalaxies(rows, {}).galaxies.size(), 2u);
  const Selection strict = SelectGalaxies(rows, {.critical = CriticalCubes::kDrop});
  ASSERT_EQ(strict.excluded.size(), 1u);
  EXPECT_EQ(strict.excluded[0].galaxy.plateifu, "8626-12704");
  EXPECT_EQ(strict.excluded[0].reason, ExclusionReason::kCritical);
  EXPECT_EQ(strict.excluded[0].detail, "DRP3QUAL is BADFLUX, CRITICAL");
}

TEST(SelectionTest, RowsComeOutInPlateIfuOrderAsStrings) {
  const Selection selection =
      SelectGalaxies({Row("8000-101", 0.01), Row("7443-12701", 0.01), Row("10001-701", 0.01)}, {});
  EXPECT_EQ(selection.galaxies[0].plateifu, "10001-701");
  EXPECT_EQ(selection.galaxies[1].plateifu, "7443-12701");
  EXPECT_EQ(selection.galaxies[2].plateifu, "8000-101");
}

TEST(SelectionTest, ReasonsHaveNamesThatComeBack) {
  for (const auto reason :
       {ExclusionReason::kNoRedshift, ExclusionReason::kRedshiftOutOfRange,
        ExclusionReason::kCritical, ExclusionReason::kCubeMissing, ExclusionReason::kCubeRefused}) {
    const auto parsed = ParseExclusionReason(ExclusionReasonName(reason));
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(*parsed, reason);
  }
  EXPECT_EQ(ParseExclusionReason("mood").status().code(), absl::StatusCode::kDataLoss);
}

TEST(SelectionTest, AgnFlagsAreSetAndCountedByClass) {
  std::vector<GalaxyRecord> rows = {Row("8000-101", 0.01), Row("8000-102", 0.01),
                                    Row("8000-103", 0.01)};
  const AgnTable table = {{"8000-101", {.infrared = true, .radio = true}},
                          {"8000-103", {.radio = true}},
                          {"9999-101", {.x_ray = true}}};
  EXPECT_EQ(ApplyAgnTable(table, rows), 1u);
  const AgnCounts counts = CountAgn(rows);
  EXPECT_EQ(counts.any, 2u);
  EXPECT_EQ(counts.infrared, 1u);
  EXPECT_EQ(counts.radio, 2u);
  EXPECT_EQ(counts.x_ray, 0u);
  EXPECT_EQ(counts.broad_line, 0u);
}

TEST(SelectionTest, RepeatsAreCountedByNumberOfObservations) {
  std::vector<GalaxyRecord> rows(8);
  const char* ids[] = {"1-1", "1-1", "1-2", "1-3", "1-3", "1-3", "", ""};
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].mangaid = ids[i];
  EXPECT_EQ(CountRepeats(rows), (std::map<std::size_t, std::size_t>{{2, 1}, {3, 1}}));
}

}  // namespace
}  // namespace peculiar
