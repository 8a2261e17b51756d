// Listing galaxies by name, against plain loops over what was published.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/ready_engine.h"

namespace peculiar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class EngineGalaxiesTest : public testing::ReadyEngineTest {
 protected:
  static std::vector<std::string> Names(const GalaxyQuery& query) {
    const auto selection = engine_->SelectGalaxies(query);
    EXPECT_TRUE(selection.ok()) << selection.status();
    std::vector<std::string> names;
    for (std::size_t i = 0; selection.ok() && i < selection->size(); ++i) {
      names.push_back(
          engine_->ScoredGalaxy(selection->model(), selection->row(i)).galaxy.galaxy->plateifu);
    }
    return names;
  }

  static void ExpectError(const GalaxyQuery& query, absl::StatusCode code,
                          const std::string& reason) {
    const auto selection = engine_->SelectGalaxies(query);
    EXPECT_EQ(selection.status().code(), code);
    EXPECT_THAT(std::string(selection.status().message()), StartsWith(reason + ": "));
  }
};

TEST_F(EngineGalaxiesTest, PagesOfAnySizeAreTheSelectionInTheOrderOfNames) {
  const std::vector<std::string> all = Names({});
  ASSERT_EQ(all.size(), ready_->content.catalog.galaxies.size());
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  for (const std::int64_t page_size : {1, 7, 40, 5000}) {
    std::vector<std::string> listed;
    for (bool more = true; more;) {
      const auto page = engine_->ListGalaxies({}, {std::ssize(listed), page_size});
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->total_count, std::ssize(all));
      EXPECT_EQ(page->model->name, "ae-small");
      for (const ScoredGalaxyEntry& entry : page->galaxies) {
        listed.push_back(entry.galaxy.galaxy->plateifu);
      }
      more = !page->galaxies.empty();
    }
    EXPECT_EQ(listed, all) << page_size;
  }
}

TEST_F(EngineGalaxiesTest, AGalaxyComesWithEveryScoreOfTheModelThatWasAsked) {
  const auto page = engine_->ListGalaxies({.model = "vae-small"}, {6, 1});
  ASSERT_TRUE(page.ok()) << page.status();
  const ScoredGalaxyEntry& entry = page->galaxies[0];
  EXPECT_EQ(entry.galaxy.galaxy->plateifu, PlateIfu(6));
  ASSERT_EQ(entry.scores.size(), 4u);
  EXPECT_EQ(entry.scores[0].measure, Measure::kMae);
  EXPECT_EQ(*entry.scores[0].value, ready_->scores[1][6].mae);
  EXPECT_EQ(*entry.scores[1].value, ready_->scores[1][6].chi);
  EXPECT_EQ(entry.scores[3].measure, Measure::kRelevance);
  EXPECT_EQ(*entry.scores[3].value, ready_->relevance[6]);
  EXPECT_EQ(entry.top_line->line->name, ready_->content.catalog.lines[0].name);
  EXPECT_THAT(entry.galaxy.tags, ElementsAre("checked", "odd"));
}

TEST_F(EngineGalaxiesTest, AGalaxyWithoutScoresIsListedUnlessAScoreIsAsked) {
  const std::size_t last = ready_->content.catalog.galaxies.size() - 1;
  const GalaxyQuery one{.filter = {.galaxy_ids = {PlateIfu(last)}}};
  EXPECT_THAT(Names(one), ElementsAre(PlateIfu(last)));
  GalaxyQuery scored = one;
  scored.score = ScoreCondition{};
  EXPECT_TRUE(Names(scored).empty());
}

TEST_F(EngineGalaxiesTest, AFilterAndARangeOfScoresBothHold) {
  const MeasureRange range{.min_value = 0.05, .max_value = 0.25, .min_percentile = 20};
  std::vector<std::string> truth;
  for (std::size_t row = 0; row < ready_->scores[0].size(); ++row) {
    std::size_t not_above = 0;
    std::size_t ranked = 0;
    const double mae = ready_->scores[0][row].mae;
    for (const Scores& other : ready_->scores[0]) {
      ranked += std::isfinite(other.mae) ? 1 : 0;
      not_above += other.mae <= mae ? 1 : 0;
    }
    const double percentile = 100.0 * static_cast<double>(not_above) / static_cast<double>(ranked);
    if (mae >= 0.05 && mae <= 0.25 && percentile >= 20 && row % 5 == 1) {
      truth.push_back(PlateIfu(row));
    }
  }
  ASSERT_GE(truth.size(), 2u);
  EXPECT_EQ(Names({.filter = {.fibres = {37}}, .score = ScoreCondition{.range = range}}), truth);
}

TEST_F(EngineGalaxiesTest, NeighborsAndDistributionsAreOfTheGalaxiesInTheRange) {
  const ScoreCondition strange{.range = {.min_percentile = 60}};
  const std::vector<std::string> passing = Names({.score = strange});
  ASSERT_GE(passing.size(), 10u);
  std::vector<std::string> truth;
  for (const Neighbor& neighbor : TrueNeighbors(0, 6)) {
    const std::string& name = PlateIfu(neighbor.row);
    if (std::find(passing.begin(), passing.end(), name) != passing.end()) truth.push_back(name);
  }
  const auto answer =
      engine_->FindNeighbors({.galaxy_id = PlateIfu(6), .neighbor_count = 1000, .score = strange});
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::vector<std::string> found;
  for (const NeighborEntry& entry : answer->neighbors) {
    found.push_back(entry.galaxy.galaxy->plateifu);
  }
  EXPECT_EQ(found, truth);
  const auto distribution = engine_->GetDistribution({.measure = Measure::kChi, .score = strange});
  ASSERT_TRUE(distribution.ok()) << distribution.status();
  EXPECT_EQ(distribution->populations[0].members, passing.size());
  const ScoreCondition wrong{.line = "no line"};
  EXPECT_FALSE(engine_->FindNeighbors({.galaxy_id = PlateIfu(6), .score = wrong}).ok());
  EXPECT_FALSE(engine_->GetDistribution({.score = wrong}).ok());
}

TEST_F(EngineGalaxiesTest, QuestionsWithoutAnAnswerSayWhy) {
  ExpectError({.model = "none"}, absl::StatusCode::kNotFound, "UNKNOWN_MODEL");
  ExpectError({.score = ScoreCondition{.measure = Measure::kLineError}},
              absl::StatusCode::kInvalidArgument, "UNKNOWN_LINE");
  ExpectError({.score = ScoreCondition{.measure = Measure::kRelevance}},
              absl::StatusCode::kFailedPrecondition, "NO_RELEVANCE");
  ExpectError({.score = ScoreCondition{.range = {.min_value = 2, .max_value = 1}}},
              absl::StatusCode::kInvalidArgument, "BAD_FILTER");
  ExpectError({.filter = {.galaxy_ids = {"1-1000"}}}, absl::StatusCode::kFailedPrecondition,
              "AMBIGUOUS_ID");
  const auto page = engine_->ListGalaxies({}, {0, -1});
  EXPECT_THAT(std::string(page.status().message()), HasSubstr("BAD_PAGE_SIZE"));
}

TEST_F(EngineGalaxiesTest, AGalaxyIsShownByOneModelWhenItIsNamed) {
  const auto one = engine_->GetGalaxy(PlateIfu(3), "vae-small");
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_EQ(one->model_scores.size(), 1u);
  EXPECT_EQ(one->model_scores[0].model->name, "vae-small");
  EXPECT_EQ(engine_->GetGalaxy(PlateIfu(3))->model_scores.size(), 2u);
  EXPECT_FALSE(engine_->GetGalaxy(PlateIfu(3), "none").ok());
}

}  // namespace
}  // namespace peculiar
