// Spaces, tags and the repeat self-check.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/ready_engine.h"

namespace peculiar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kGalaxies = 40;
constexpr std::string_view kSpaces[] = {"latent", "pca", "umap"};

class EngineSpacesTest : public testing::ReadyEngineTest {
 protected:
  // The published coordinates of the default model.
  static const std::vector<float>& Coordinates(std::size_t space) {
    return space == 0 ? ready_->embeddings[0] : ready_->coordinates[0][space - 1];
  }
  // All other rows by distance in double, ties by row.
  static std::vector<std::size_t> TrueOrder(std::size_t space, std::size_t row) {
    const std::vector<float>& values = Coordinates(space);
    const std::size_t width = values.size() / kGalaxies;
    std::vector<std::pair<double, std::size_t>> others;
    for (std::size_t other = 0; other < kGalaxies; ++other) {
      double sum = 0;
      for (std::size_t i = 0; i < width; ++i) {
        sum += std::pow(double{values[row * width + i]} - double{values[other * width + i]}, 2);
      }
      if (other != row) others.emplace_back(std::sqrt(sum), other);
    }
    std::sort(others.begin(), others.end());
    std::vector<std::size_t> rows;
    for (const auto& [distance, other] : others) rows.push_back(other);
    return rows;
  }
};

TEST_F(EngineSpacesTest, NeighborsInEverySpaceAreThoseOfAFullScan) {
  for (std::size_t space = 0; space < 3; ++space) {
    for (std::size_t row = 0; row < kGalaxies; ++row) {
      for (const std::int64_t count : {7, 1000}) {
        const auto answer = engine_->FindNeighbors(
            {.galaxy_id = PlateIfu(row), .space = kSpaces[space], .neighbor_count = count});
        ASSERT_TRUE(answer.ok()) << answer.status();
        EXPECT_EQ(answer->space, kSpaces[space]);
        std::vector<std::size_t> truth = TrueOrder(space, row);
        truth.resize(std::min<std::size_t>(truth.size(), static_cast<std::size_t>(count)));
        ASSERT_EQ(answer->neighbors.size(), truth.size());
        for (std::size_t i = 0; i < truth.size(); ++i) {
          EXPECT_EQ(answer->neighbors[i].galaxy.galaxy->plateifu, PlateIfu(truth[i]));
        }
      }
    }
  }
}

TEST_F(EngineSpacesTest, AFilterFindsTheSameOrderInEverySpace) {
  for (std::size_t space = 0; space < 3; ++space) {
    const auto answer = engine_->FindNeighbors({.galaxy_id = PlateIfu(11),
                                                .space = kSpaces[space],
                                                .neighbor_count = 5,
                                                .filter = {.fibres = {19, 127}}});
    ASSERT_TRUE(answer.ok()) << answer.status();
    std::vector<std::string> truth, found;
    for (const std::size_t row : TrueOrder(space, 11)) {
      const bool passes = row % 5 == 0 || row % 5 == 4;
      if (passes && truth.size() < 5) truth.push_back(PlateIfu(row));
    }
    for (const auto& entry : answer->neighbors) found.push_back(entry.galaxy.galaxy->plateifu);
    EXPECT_EQ(found, truth);
  }
}

TEST_F(EngineSpacesTest, ANeighborTellsInWhichOtherSpacesItIsOne) {
  const std::size_t row = 12, count = 10;
  const auto answer =
      engine_->FindNeighbors({.galaxy_id = PlateIfu(row), .space = "pca", .neighbor_count = count});
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::size_t named = 0;
  for (const NeighborEntry& entry : answer->neighbors) {
    std::vector<std::string_view> truth;
    for (const std::size_t other : {0, 2}) {
      const std::vector<std::size_t> order = TrueOrder(other, row);
      const bool is_near = std::any_of(order.begin(), order.begin() + count, [&](std::size_t near) {
        return PlateIfu(near) == entry.galaxy.galaxy->plateifu;
      });
      if (is_near) truth.push_back(kSpaces[other]);
    }
    EXPECT_EQ(entry.also_in, truth) << entry.galaxy.galaxy->plateifu;
    named += truth.size();
  }
  EXPECT_GT(named, 0u);
}

TEST_F(EngineSpacesTest, EmbeddingsAreTheCoordinatesOfTheSpace) {
  for (std::size_t space = 0; space < 3; ++space) {
    const std::vector<float>& all = Coordinates(space);
    const std::size_t width = all.size() / kGalaxies;
    const auto answer = engine_->GetEmbedding(PlateIfu(9), "", kSpaces[space]);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->space, kSpaces[space]);
    EXPECT_EQ(std::vector<float>(answer->values.begin(), answer->values.end()),
              std::vector<float>(&all[9 * width], &all[9 * width] + width));
    const auto back = engine_->FindNeighbors(
        {.space = kSpaces[space], .neighbor_count = 1, .vector = answer->values});
    EXPECT_EQ(back->neighbors[0].galaxy.galaxy->plateifu, PlateIfu(9));
    EXPECT_TRUE(back->neighbors[0].also_in.empty());
  }
  const absl::Status unknown = engine_->GetEmbedding(PlateIfu(9), "", "Pca").status();
  EXPECT_THAT(std::string(MessageOf(unknown)), StartsWith("UNKNOWN_SPACE: "));
}

TEST_F(EngineSpacesTest, TagsAreAFilterAPopulationAndShownWithTheGalaxy) {
  const auto page = engine_->ListAnomalies({.model = "vae-small", .filter = {.tags = {"odd"}}});
  ASSERT_TRUE(page.ok()) << page.status();
  std::vector<std::string> names;
  for (const auto& entry : page->anomalies) names.push_back(entry.galaxy.galaxy->plateifu);
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ElementsAre(PlateIfu(4), PlateIfu(6), PlateIfu(7)));
  EXPECT_THAT(engine_->GetGalaxy(PlateIfu(6))->galaxy.tags, ElementsAre("checked", "odd"));
  const auto populations = engine_->GetDistribution({.group = PopulationGroup::kTag})->populations;
  ASSERT_EQ(populations.size(), 2u);
  EXPECT_EQ(populations[1].population->name, "odd");
  EXPECT_EQ(populations[1].members, 3u);
  const absl::Status unknown = engine_->ListAnomalies({.filter = {.tags = {"od"}}}).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(unknown)),
              StartsWith("UNKNOWN_TAG: no tag 'od'; the tags are: checked, odd"));
}

TEST_F(EngineSpacesTest, RepeatsComeInPages) {
  const auto first = engine_->ListRepeats({.page_size = 2});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->total_count, 3);
  ASSERT_EQ(first->pairs.size(), 2u);
  EXPECT_EQ(first->pairs[0].first->plateifu, PlateIfu(0));
  EXPECT_EQ(first->pairs[1].second->plateifu, PlateIfu(2));
  const auto last = engine_->ListRepeats({.model = "vae-small", .offset = 2, .page_size = 2});
  ASSERT_EQ(last->pairs.size(), 1u);
  EXPECT_EQ(last->pairs[0].repeat->places.size(), last->spaces->size());
  // The rank that was published is the place in the full scan.
  const std::vector<std::size_t> order = TrueOrder(0, 0);
  const auto place = std::find(order.begin(), order.end(), 1u) - order.begin() + 1;
  EXPECT_EQ(first->pairs[0].repeat->places[0].rank_from_first, place);
  EXPECT_TRUE(engine_->ListRepeats({.offset = 9})->pairs.empty());
}

}  // namespace
}  // namespace peculiar
