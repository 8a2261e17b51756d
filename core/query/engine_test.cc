#include "core/query/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/ready_engine.h"

namespace peculiar {
namespace {

using QueryEngineTest = testing::ReadyEngineTest;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kModels[] = {"ae-small", "vae-small"};
constexpr ScoreKind kKinds[] = {ScoreKind::kMae, ScoreKind::kChi, ScoreKind::kRelative};
constexpr Measure kScores[] = {Measure::kMae, Measure::kChi, Measure::kRelative};

TEST_F(QueryEngineTest, PagesOfAnySizeCoverTheTrueRankingOnce) {
  for (std::size_t model = 0; model < 2; ++model) {
    for (std::size_t kind = 0; kind < 3; ++kind) {
      const std::vector<std::string> truth = TrueRanking(model, kKinds[kind]);
      for (const std::int64_t page_size : {1, 7, 39, 40, 5000}) {
        std::vector<std::string> listed;
        std::int64_t offset = 0;
        for (bool more = true; more;) {
          const auto page = engine_->ListAnomalies({.model = kModels[model],
                                                    .measure = kScores[kind],
                                                    .offset = offset,
                                                    .page_size = page_size});
          ASSERT_TRUE(page.ok()) << page.status();
          EXPECT_EQ(page->total_count, static_cast<std::int64_t>(truth.size()));
          EXPECT_EQ(page->model->name, kModels[model]);
          for (const AnomalyEntry& entry : page->anomalies) {
            EXPECT_EQ(entry.score.measure, kScores[kind]);
            EXPECT_EQ(entry.score.rank, static_cast<int>(listed.size()) + 1);
            listed.push_back(entry.galaxy.galaxy->plateifu);
          }
          offset += static_cast<std::int64_t>(page->anomalies.size());
          more = !page->anomalies.empty();
        }
        EXPECT_EQ(listed, truth) << kModels[model] << " " << ScoreName(kKinds[kind]) << " "
                                 << page_size;
      }
    }
  }
}

TEST_F(QueryEngineTest, ScoresThatAreNotFiniteAreShownButNotRanked) {
  const std::size_t last = ready_->content.catalog.galaxies.size() - 1;
  const auto page = engine_->ListAnomalies({.model = "ae-small", .offset = 0, .page_size = 1000});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->total_count, static_cast<std::int64_t>(last));
  for (const AnomalyEntry& entry : page->anomalies) {
    EXPECT_NE(entry.galaxy.galaxy->plateifu, PlateIfu(last));
  }
  const auto answer = engine_->GetGalaxy(PlateIfu(last));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->model_scores.size(), 2u);
  EXPECT_FALSE(answer->model_scores[0].scores[0].value.has_value());
  EXPECT_FALSE(answer->model_scores[0].line_shares[0].value.has_value());
  EXPECT_TRUE(answer->model_scores[1].scores[0].value.has_value());
}

TEST_F(QueryEngineTest, TheTopLineIsTheLargestShare) {
  const auto page = engine_->ListAnomalies({.model = "", .offset = 0, .page_size = 1});
  ASSERT_TRUE(page.ok()) << page.status();
  const AnomalyEntry& first = page->anomalies.at(0);
  ASSERT_TRUE(first.top_line.has_value());
  EXPECT_EQ(first.top_line->line->name, ready_->content.catalog.lines[0].name);
  EXPECT_DOUBLE_EQ(*first.top_line->value, *first.score.value / 2);
}

TEST_F(QueryEngineTest, PageSizesAreChecked) {
  EXPECT_EQ(engine_->ListAnomalies({.model = "", .offset = 0, .page_size = 0})->anomalies.size(),
            39u);
  EXPECT_TRUE(
      engine_->ListAnomalies({.model = "", .offset = 1 << 30, .page_size = 5})->anomalies.empty());
  const absl::Status status =
      engine_->ListAnomalies({.model = "", .offset = 0, .page_size = -1}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)), StartsWith("BAD_PAGE_SIZE: "));
}

TEST_F(QueryEngineTest, NeighborsEqualAFullScanInOrderAndLeaveItselfOut) {
  for (std::size_t model = 0; model < 2; ++model) {
    for (std::size_t row = 0; row < ready_->content.catalog.galaxies.size(); ++row) {
      const NeighborList truth = TrueNeighbors(model, row);
      const auto answer = engine_->FindNeighbors({PlateIfu(row), kModels[model], "latent", 1000});
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->plateifu, PlateIfu(row));
      ASSERT_EQ(answer->neighbors.size(), truth.size());
      for (std::size_t i = 0; i < truth.size(); ++i) {
        EXPECT_EQ(answer->neighbors[i].galaxy.galaxy->plateifu, PlateIfu(truth[i].row));
        EXPECT_NEAR(answer->neighbors[i].distance, truth[i].distance, 1e-9);
      }
    }
  }
}

TEST_F(QueryEngineTest, ADuplicateVectorIsANeighborAtDistanceZero) {
  const auto answer = engine_->FindNeighbors({PlateIfu(3), "", "", 1});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->neighbors.size(), 1u);
  EXPECT_EQ(answer->neighbors[0].galaxy.galaxy->plateifu, PlateIfu(2));
  EXPECT_EQ(answer->neighbors[0].distance, 0);
}

TEST_F(QueryEngineTest, NeighborCountsAndSpacesAreChecked) {
  EXPECT_EQ(engine_->FindNeighbors({PlateIfu(8), "", "", 0})->neighbors.size(), 10u);
  EXPECT_EQ(engine_->FindNeighbors({PlateIfu(8), "", "", 1})->neighbors.size(), 1u);
  for (const std::int64_t count : {-1, 1001}) {
    const absl::Status status = engine_->FindNeighbors({PlateIfu(8), "", "", count}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(MessageOf(status)), StartsWith("BAD_NEIGHBOR_COUNT: "));
  }
  const absl::Status status = engine_->FindNeighbors({PlateIfu(8), "", "tsne", 5}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(status)),
              AllOf(StartsWith("UNKNOWN_SPACE: "), HasSubstr("latent, pca, umap")));
}

TEST_F(QueryEngineTest, EmbeddingsAreWhatWasPublished) {
  for (std::size_t model = 0; model < 2; ++model) {
    const std::vector<float>& all = ready_->embeddings[model];
    const std::size_t width = all.size() / ready_->content.catalog.galaxies.size();
    const auto answer = engine_->GetEmbedding(" manga-" + PlateIfu(9), kModels[model]);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->plateifu, PlateIfu(9));
    EXPECT_TRUE(std::equal(answer->values.begin(), answer->values.end(), &all[9 * width],
                           &all[9 * width] + width));
  }
}

TEST_F(QueryEngineTest, AGalaxyComesWithItsRepeatsAndAllModels) {
  const auto answer = engine_->GetGalaxy(PlateIfu(1));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer->galaxy.galaxy, engine_->snapshot().catalog().galaxies[1]);
  EXPECT_THAT(answer->galaxy.repeat_plateifus, ElementsAre(PlateIfu(0), PlateIfu(2)));
  ASSERT_EQ(answer->model_scores.size(), 2u);
  for (std::size_t model = 0; model < 2; ++model) {
    const ModelScoresEntry& entry = answer->model_scores[model];
    EXPECT_EQ(entry.model->name, kModels[model]);
    ASSERT_EQ(entry.scores.size(), 3 + model);  // the second has relevance too
    for (std::size_t kind = 0; kind < 3; ++kind) {
      EXPECT_EQ(entry.scores[kind].measure, kScores[kind]);
      EXPECT_EQ(*entry.scores[kind].value, ready_->scores[model][1].value(kKinds[kind]));
    }
    double sum = 0;
    for (const LineShareEntry& share : entry.line_shares) sum += *share.value;
    EXPECT_NEAR(sum, ready_->scores[model][1].mae, 1e-12);
  }
}

TEST_F(QueryEngineTest, EveryQuestionSpeaksOfIdsAlike) {
  const std::pair<const char*, const char*> cases[] = {{"8626", "MALFORMED_ID: "},
                                                       {"1-1000", "AMBIGUOUS_ID: "},
                                                       {"7999-1901", "UNKNOWN_GALAXY: "},
                                                       {"9002-3701", "NOT_IN_SAMPLE: "}};
  for (const auto& [id, reason] : cases) {
    const absl::Status neighbors = engine_->FindNeighbors({id, "", "", 0}).status();
    EXPECT_THAT(std::string(MessageOf(neighbors)), StartsWith(reason));
    EXPECT_EQ(engine_->GetEmbedding(id, "").status(), neighbors);
    EXPECT_EQ(engine_->GetGalaxy(id).status(), neighbors);
  }
}

TEST_F(QueryEngineTest, AnUnknownModelIsAnsweredWithTheKnownOnes) {
  const absl::Status status = engine_->GetEmbedding(PlateIfu(1), "ae").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(status)),
              AllOf(StartsWith("UNKNOWN_MODEL: "), HasSubstr("ae-small, vae-small")));
  EXPECT_EQ(engine_->FindNeighbors({PlateIfu(1), "ae", "", 0}).status(), status);
  EXPECT_EQ(engine_->ListAnomalies({.model = "ae", .offset = 0, .page_size = 0}).status(), status);
}

}  // namespace
}  // namespace peculiar
