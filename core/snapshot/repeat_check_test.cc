#include "core/snapshot/repeat_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/random.h"
#include "core/index/vector_index.h"
#include "tests/support/ready_snapshot.h"

namespace peculiar {
namespace {

std::vector<CatalogGalaxy> MakeGalaxies(const std::vector<std::string>& mangaids) {
  std::vector<CatalogGalaxy> galaxies;
  for (const std::string& mangaid : mangaids) galaxies.push_back({.mangaid = mangaid});
  return galaxies;
}

// `n` galaxies of one observation, but the first 12 rows are 4 galaxies of 3, and rows 20 to 29
// have no mangaid.
std::vector<CatalogGalaxy> MakeSurvey(std::size_t n) {
  std::vector<std::string> mangaids;
  for (std::size_t i = 0; i < n; ++i) {
    const bool unknown = i >= 20 && i < 30;
    mangaids.push_back(unknown ? "" : fmt::format("1-{}", i < 12 ? i % 4 : i));
  }
  return MakeGalaxies(mangaids);
}

struct Vectors {
  std::size_t rows, width;
  std::vector<float> values;
  Matrix matrix() const { return {values.data(), rows, width}; }
};

Vectors MakeNormal(std::size_t rows, std::size_t width) {
  Vectors vectors{rows, width, {}};
  Random random(7);
  for (std::size_t i = 0; i < rows * width; ++i) {
    vectors.values.push_back(static_cast<float>(random.Normal()));
  }
  return vectors;
}

double BruteDistance(const Matrix& matrix, std::size_t a, std::size_t b) {
  double sum = 0;
  for (std::size_t i = 0; i < matrix.width; ++i) {
    sum += std::pow(double{matrix.row(a)[i]} - double{matrix.row(b)[i]}, 2);
  }
  return std::sqrt(sum);
}

// The definition: over all pairs of different galaxies.
double BrutePercentile(const Matrix& matrix, const std::vector<CatalogGalaxy>& galaxies,
                       double distance) {
  double below = 0, all = 0;
  for (std::size_t a = 0; a < matrix.rows; ++a) {
    for (std::size_t b = a + 1; b < matrix.rows; ++b) {
      if (!galaxies[a].mangaid.empty() && galaxies[a].mangaid == galaxies[b].mangaid) continue;
      const double other = BruteDistance(matrix, a, b);
      below += other < distance ? 1 : other == distance ? 0.5 : 0;
      ++all;
    }
  }
  return 100 * below / all;
}

int BruteRank(const Matrix& matrix, std::size_t of, std::size_t other) {
  const auto list = VectorIndex::Build(matrix)->SearchRow(of, static_cast<int>(matrix.rows));
  const auto found = std::find_if(list->begin(), list->end(),
                                  [&](const Neighbor& neighbor) { return neighbor.row == other; });
  return static_cast<int>(found - list->begin()) + 1;
}

void ExpectBruteForce(const Vectors& vectors, const std::vector<CatalogGalaxy>& galaxies) {
  const auto pairs = FindRepeatPairs(galaxies);
  const auto places = PlaceRepeats(vectors.matrix(), galaxies, pairs);
  ASSERT_TRUE(places.ok()) << places.status();
  ASSERT_EQ(places->size(), pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const RepeatPlace& place = (*places)[i];
    const auto [first, second] = std::pair(pairs[i].first, pairs[i].second);
    EXPECT_EQ(place.distance, BruteDistance(vectors.matrix(), first, second));
    ASSERT_TRUE(place.percentile.has_value());
    EXPECT_NEAR(*place.percentile, BrutePercentile(vectors.matrix(), galaxies, place.distance),
                1e-9);
    EXPECT_EQ(place.rank_from_first, BruteRank(vectors.matrix(), first, second));
    EXPECT_EQ(place.rank_from_second, BruteRank(vectors.matrix(), second, first));
  }
}

TEST(RepeatCheckTest, PairsAreThoseOfOneMangaidInOrder) {
  const auto pairs = FindRepeatPairs(MakeGalaxies({"1-9", "1-1", "", "1-9", "", "1-1", "1-9"}));
  std::vector<std::pair<std::size_t, std::size_t>> rows;
  for (const auto& pair : pairs) rows.emplace_back(pair.first, pair.second);
  EXPECT_EQ(rows,
            (std::vector<std::pair<std::size_t, std::size_t>>{{0, 3}, {0, 6}, {1, 5}, {3, 6}}));
  EXPECT_TRUE(FindRepeatPairs(MakeGalaxies({"", "1-1", "1-2"})).empty());
}

TEST(RepeatCheckTest, OfManyObservationsTheFirstAreCompared) {
  const auto galaxies = MakeGalaxies(std::vector<std::string>(1000, "1-1"));
  const auto pairs = FindRepeatPairs(galaxies);
  EXPECT_EQ(pairs.size(), 16u * 15 / 2);
  EXPECT_EQ(pairs.back().second, 15u);
  EXPECT_EQ(FindRepeatPairs(galaxies, {.max_observations = 2}).size(), 1u);
}

TEST(RepeatCheckTest, AgreesWithBruteForce) {
  ExpectBruteForce(MakeNormal(150, 6), MakeSurvey(150));
  ExpectBruteForce(MakeNormal(40, 1), MakeSurvey(40));
}

TEST(RepeatCheckTest, TiesCountHalfInThePercentileAndByRowInTheRank) {
  Vectors vectors = MakeNormal(60, 1);
  for (float& value : vectors.values) value = std::round(value);
  ExpectBruteForce(vectors, MakeSurvey(60));
}

TEST(RepeatCheckTest, EmbeddingsThatAreAllEqualSayNothing) {
  const Vectors equal{50, 3, std::vector<float>(150, 1.5f)};
  const auto galaxies = MakeSurvey(50);
  const auto places = PlaceRepeats(equal.matrix(), galaxies, FindRepeatPairs(galaxies));
  ASSERT_TRUE(places.ok()) << places.status();
  for (const RepeatPlace& place : *places) {
    EXPECT_EQ(place.distance, 0);
    EXPECT_EQ(place.percentile, 50);
  }
}

TEST(RepeatCheckTest, TwoObservationsOfTheOnlyGalaxyHaveNoPercentile) {
  const auto galaxies = MakeGalaxies({"1-1", "1-1"});
  const Vectors vectors = MakeNormal(2, 3);
  const auto places = PlaceRepeats(vectors.matrix(), galaxies, FindRepeatPairs(galaxies));
  ASSERT_EQ(places->size(), 1u);
  EXPECT_FALSE((*places)[0].percentile.has_value());
  EXPECT_EQ((*places)[0].rank_from_first, 1);
  EXPECT_EQ((*places)[0].rank_from_second, 1);
}

TEST(RepeatCheckTest, ASampleComesNearTheExactPercentile) {
  const auto galaxies = MakeSurvey(800);
  const Vectors vectors = MakeNormal(800, 4);
  const auto pairs = FindRepeatPairs(galaxies);
  const auto exact = PlaceRepeats(vectors.matrix(), galaxies, pairs);
  const auto sampled = PlaceRepeats(vectors.matrix(), galaxies, pairs,
                                    {.exact_galaxies = 799, .sampled_pairs = 200'000});
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    // Five standard errors of 200,000 draws at the middle.
    EXPECT_NEAR(*(*sampled)[i].percentile, *(*exact)[i].percentile, 5 * 50 / std::sqrt(2e5));
    EXPECT_EQ((*sampled)[i].rank_from_first, (*exact)[i].rank_from_first);
  }
}

TEST(RepeatCheckTest, ThreadsDoNotMatter) {
  const auto galaxies = MakeSurvey(500);
  const Vectors vectors = MakeNormal(500, 4);
  const auto pairs = FindRepeatPairs(galaxies);
  for (const std::size_t exact : {0, 1000}) {
    const RepeatCheckOptions one{.exact_galaxies = exact, .sampled_pairs = 100'000, .threads = 1};
    RepeatCheckOptions four = one;
    four.threads = 4;
    EXPECT_EQ(*PlaceRepeats(vectors.matrix(), galaxies, pairs, one),
              *PlaceRepeats(vectors.matrix(), galaxies, pairs, four));
  }
}

TEST(RepeatCheckTest, ThatAnEmbeddingHoldsTheGalaxyIsSeen) {
  // Observations of one galaxy lie a tenth of the spread of galaxies apart.
  Vectors vectors = MakeNormal(400, 8);
  const auto galaxies = MakeSurvey(400);
  for (std::size_t i = 4; i < 12; ++i) {
    for (std::size_t j = 0; j < 8; ++j) {
      vectors.values[i * 8 + j] =
          vectors.values[(i % 4) * 8 + j] + 0.1f * vectors.values[i * 8 + j];
    }
  }
  const auto places = PlaceRepeats(vectors.matrix(), galaxies, FindRepeatPairs(galaxies));
  ASSERT_TRUE(places.ok()) << places.status();
  for (const RepeatPlace& place : *places) {
    EXPECT_LT(*place.percentile, 0.1);
    EXPECT_LE(place.rank_from_first, 2);
    EXPECT_LE(place.rank_from_second, 2);
  }
}

TEST(RepeatCheckTest, ComparesInEverySpaceAndByScores) {
  testing::ReadyContent ready;
  const auto score = [](double value) {
    GalaxyScores scores;
    scores.mae.value = scores.chi.value = value;
    return scores;
  };
  ready.content.catalog.scores.assign(2, {});
  for (std::size_t model = 0; model < 2; ++model) {
    for (int i = 0; i < 40; ++i) ready.content.catalog.scores[model].push_back(score(i * i));
  }
  const auto pairs = CheckRepeats(ready.content);
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  ASSERT_EQ(pairs->size(), 3u);
  const CatalogRepeatPair& pair = (*pairs)[1];  // rows 0 and 2
  ASSERT_EQ(pair.models.size(), 2u);
  EXPECT_EQ(pair.models[1].mae_difference, 4);
  EXPECT_EQ(pair.models[1].chi_difference, 4);
  EXPECT_FALSE(pair.models[1].relative_difference.has_value());
  ASSERT_EQ(pair.models[1].places.size(), 3u);
  const Matrix umap = ready.content.models[1].spaces[1].coordinates;
  EXPECT_EQ(pair.models[1].places[2].distance, BruteDistance(umap, 0, 2));
}

}  // namespace
}  // namespace peculiar
