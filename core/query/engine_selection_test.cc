// Listings by any measure, filters, vectors and distributions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "tests/support/ready_engine.h"

namespace peculiar {
namespace {

using EngineSelectionTest = testing::ReadyEngineTest;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> Names(const AnomalyPage& page) {
  std::vector<std::string> names;
  for (const AnomalyEntry& entry : page.anomalies) {
    names.push_back(entry.galaxy.galaxy->plateifu);
  }
  return names;
}

std::string Message(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(MessageOf(status));
}

TEST_F(EngineSelectionTest, GalaxiesAreRankedByTheErrorOfOneLine) {
  const std::string line = ready_->content.catalog.lines[1].name;
  std::vector<std::size_t> rows(40);
  std::iota(rows.begin(), rows.end(), 0u);
  std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
    return ready_->scores[1][a].line_shares[1] > ready_->scores[1][b].line_shares[1];
  });
  const auto page = engine_->ListAnomalies(
      {.model = "vae-small", .measure = Measure::kLineError, .line = line, .page_size = 40});
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->anomalies.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(page->anomalies[i].galaxy.galaxy->plateifu, PlateIfu(rows[i]));
    EXPECT_EQ(page->anomalies[i].score.line->name, line);
    EXPECT_EQ(page->anomalies[i].score.rank, static_cast<int>(i) + 1);
  }
}

TEST_F(EngineSelectionTest, RelevanceRanksWhereItWasLearnedAndIsRefusedElsewhere) {
  const auto page = engine_->ListAnomalies(
      {.model = "vae-small", .measure = Measure::kRelevance, .page_size = 1000});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->total_count, 39);  // row 5 has none
  std::vector<double> values;
  for (const AnomalyEntry& entry : page->anomalies) values.push_back(*entry.score.value);
  EXPECT_TRUE(std::is_sorted(values.rbegin(), values.rend()));
  EXPECT_EQ(values[0], 39.0 / 40);  // of row 13
  EXPECT_EQ(page->anomalies[0].galaxy.galaxy->plateifu, PlateIfu(13));
  EXPECT_EQ(engine_->GetGalaxy(PlateIfu(13))->model_scores[1].scores[3].rank, 1);
  const absl::Status status = engine_->ListAnomalies({.measure = Measure::kRelevance}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(status)), StartsWith("NO_RELEVANCE: "));
}

TEST_F(EngineSelectionTest, SharesRankEvenWhereAllAreEqual) {
  const auto page = engine_->ListAnomalies({.measure = Measure::kLineShare,
                                            .line = ready_->content.catalog.lines[0].name,
                                            .page_size = 1000});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->total_count, 39);  // the last row is not finite
  EXPECT_NEAR(*page->anomalies[0].score.value, 0.5, 1e-12);
}

TEST_F(EngineSelectionTest, AscendingIsTheOtherWayRoundWithTheSameRanks) {
  std::vector<std::string> truth = TrueRanking(0, ScoreKind::kMae);
  std::reverse(truth.begin(), truth.end());
  const auto page = engine_->ListAnomalies({.page_size = 1000, .order = SortOrder::kAscending});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(Names(*page), truth);
  EXPECT_EQ(page->anomalies[0].score.rank, 39);
  // All tied: by plate-IFU in either order.
  const auto tied = engine_->ListAnomalies(
      {.measure = Measure::kRelative, .page_size = 1000, .order = SortOrder::kAscending});
  EXPECT_EQ(Names(*tied), TrueRanking(0, ScoreKind::kRelative));
}

TEST_F(EngineSelectionTest, PagesOfAFilteredListingCoverWhatPassesOnce) {
  const GalaxyFilter filter = {.fibres = {19}, .best_observation = true};
  std::vector<std::string> truth;
  for (const std::string& name : TrueRanking(0, ScoreKind::kMae)) {
    if (name.ends_with("-1901")) truth.push_back(name);
  }
  std::vector<std::string> listed;
  for (std::int64_t offset = 0; offset < 40; offset += 3) {
    const auto page = engine_->ListAnomalies({.offset = offset, .page_size = 3, .filter = filter});
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->total_count, static_cast<std::int64_t>(truth.size()));
    for (const std::string& name : Names(*page)) listed.push_back(name);
  }
  EXPECT_EQ(listed, truth);
}

TEST_F(EngineSelectionTest, RangesOfValueAndPercentileCutTheRanking) {
  const std::vector<std::string> truth = TrueRanking(0, ScoreKind::kMae);
  const auto top = engine_->ListAnomalies({.page_size = 1000, .range = {.min_percentile = 90}});
  ASSERT_TRUE(top.ok()) << top.status();
  EXPECT_EQ(Names(*top), std::vector<std::string>(truth.begin(), truth.begin() + 4));
  const double value = *top->anomalies[1].score.value;
  const auto one = engine_->ListAnomalies({.range = {.min_value = value, .max_value = value}});
  EXPECT_EQ(Names(*one), std::vector<std::string>{truth[1]});
  const auto bad = engine_->ListAnomalies({.range = {.min_value = 2, .max_value = 1}});
  EXPECT_THAT(Message(bad.status()), StartsWith("BAD_FILTER: min_score 2 is above max_score 1"));
}

TEST_F(EngineSelectionTest, RangesThatMakeNoSenseAreRefused) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const MeasureRange& range :
       {MeasureRange{.min_percentile = -5}, MeasureRange{.max_percentile = 101},
        MeasureRange{.min_value = infinity}, MeasureRange{.max_percentile = -infinity}}) {
    EXPECT_THAT(Message(engine_->ListAnomalies({.range = range}).status()),
                StartsWith("BAD_FILTER: a bound of "));
  }
}

TEST_F(EngineSelectionTest, LinesAreMatchedExactlyAndOnlyWhereTheyMeanSomething) {
  EXPECT_THAT(
      Message(engine_->ListAnomalies({.measure = Measure::kLineError, .line = "x"}).status()),
      StartsWith("UNKNOWN_LINE: no line 'x'; the lines are: "));
  EXPECT_THAT(Message(engine_->ListAnomalies({.measure = Measure::kMae, .line = "x"}).status()),
              HasSubstr("mae is not of a line"));
}

TEST_F(EngineSelectionTest, NeighborsPassTheFilterAndComeInTheTrueOrder) {
  const auto answer = engine_->FindNeighbors(
      {.galaxy_id = PlateIfu(8), .neighbor_count = 1000, .filter = {.fibres = {127}}});
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::vector<std::string> truth, found;
  for (const Neighbor& neighbor : TrueNeighbors(0, 8)) {
    if (PlateIfu(neighbor.row).ends_with("-12704")) truth.push_back(PlateIfu(neighbor.row));
  }
  for (const NeighborEntry& entry : answer->neighbors) {
    found.push_back(entry.galaxy.galaxy->plateifu);
  }
  EXPECT_EQ(found, truth);
}

TEST_F(EngineSelectionTest, RepeatsCanBeLeftOut) {
  const auto answer = engine_->FindNeighbors(
      {.galaxy_id = PlateIfu(0), .neighbor_count = 1000, .exclude_repeats = true});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->neighbors.size(), 37u);
  for (const NeighborEntry& entry : answer->neighbors) {
    EXPECT_THAT(entry.galaxy.galaxy->mangaid, Not("1-1000"));
  }
  // Row 3 has no MaNGA-ID, so nothing is its repeat.
  EXPECT_EQ(engine_
                ->FindNeighbors(
                    {.galaxy_id = PlateIfu(3), .neighbor_count = 1000, .exclude_repeats = true})
                ->neighbors.size(),
            39u);
}

TEST_F(EngineSelectionTest, AVectorFindsTheGalaxyThatIsThereFirst) {
  const auto values = engine_->GetEmbedding(PlateIfu(8), "vae-small")->values;
  const auto answer =
      engine_->FindNeighbors({.model = "vae-small", .neighbor_count = 3, .vector = values});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->plateifu.empty());
  EXPECT_EQ(answer->neighbors[0].galaxy.galaxy->plateifu, PlateIfu(8));
  EXPECT_EQ(answer->neighbors[0].distance, 0);
}

TEST_F(EngineSelectionTest, VectorsAreChecked) {
  const std::vector<float> narrow(3, 0.0f);
  EXPECT_THAT(Message(engine_->FindNeighbors({.vector = narrow}).status()),
              StartsWith("BAD_VECTOR: the vector has 3 values, the space 8"));
  std::vector<float> odd(8, 0.0f);
  EXPECT_THAT(Message(engine_->FindNeighbors({.galaxy_id = PlateIfu(1), .vector = odd}).status()),
              HasSubstr("not both"));
  EXPECT_THAT(Message(engine_->FindNeighbors({.vector = odd, .exclude_repeats = true}).status()),
              StartsWith("BAD_FILTER: exclude_repeats"));
  odd[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Message(engine_->FindNeighbors({.vector = odd}).status()),
              HasSubstr("value 5 is nan"));
}

TEST_F(EngineSelectionTest, ADistributionCountsTheSample) {
  const auto answer = engine_->GetDistribution({.group = PopulationGroup::kFibres, .bin_count = 5});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->populations.size(), 5u);
  EXPECT_EQ(answer->edges.size(), 6u);
  std::size_t ranked = 0, counted = 0;
  for (const Distribution& population : answer->populations) {
    EXPECT_EQ(population.members, 8u);
    ranked += population.ranked;
    counted = std::accumulate(population.counts.begin(), population.counts.end(), counted);
  }
  EXPECT_EQ(ranked, 39u);
  EXPECT_EQ(counted, 39u);
  EXPECT_THAT(Message(engine_->GetDistribution({.bin_count = 1001}).status()),
              StartsWith("BAD_BIN_COUNT: "));
}

TEST_F(EngineSelectionTest, AGalaxyHasItsPercentilesWithinItsPopulations) {
  const auto answer = engine_->GetGalaxy(PlateIfu(6));
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::vector<std::string> names;
  for (const PopulationEntry& entry : answer->model_scores[0].populations) {
    names.push_back(entry.population->name);
    ASSERT_EQ(entry.percentiles.size(), 3u);
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"all", "infrared", "broad_line", "any", "37"}));
  EXPECT_EQ(answer->model_scores[0].populations[0].percentiles[0],
            answer->model_scores[0].scores[0].percentile);
}

}  // namespace
}  // namespace peculiar
