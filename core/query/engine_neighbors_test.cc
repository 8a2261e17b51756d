// Filtered neighbours of a sample larger than the lists that are stored with it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

#include "core/embedding/distance.h"
#include "core/query/engine.h"
#include "tests/support/ready_snapshot.h"

namespace peculiar {
namespace {

class EngineNeighborsTest : public ::testing::Test {
 protected:
  EngineNeighborsTest() {
    const std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) / fmt::format("many_galaxies_{}", getpid());
    std::filesystem::remove_all(folder);
    const std::string id = testing::PublishReadySnapshot(folder, {.galaxies = 250});
    auto snapshot = Snapshot::Open(folder / id, VerifyMode::kFull);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    engine_.emplace(std::make_shared<const Snapshot>(*std::move(snapshot)));
    std::filesystem::remove_all(folder);
  }

  const CatalogGalaxy& Galaxy(std::size_t row) const {
    return engine_->snapshot().catalog().galaxies[row];
  }

  // The first `count` galaxies by distance to `vector` whose bundle is one of `fibres`.
  std::vector<std::string> Truth(std::span<const float> vector, const std::set<int>& fibres,
                                 std::size_t skipped, std::size_t count) const {
    const Matrix embeddings = engine_->snapshot().embeddings(0);
    std::set<std::pair<double, std::size_t>> nearest;
    for (std::size_t row = 0; row < embeddings.rows; ++row) {
      if (row == skipped || !fibres.contains(Galaxy(row).fibres)) continue;
      nearest.emplace(Distance(embeddings.row(row), vector), row);
    }
    std::vector<std::string> names;
    for (const auto& [distance, row] : nearest) {
      if (names.size() < count) names.push_back(Galaxy(row).plateifu);
    }
    return names;
  }

  static std::vector<std::string> Names(const absl::StatusOr<NeighborAnswer>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    std::vector<std::string> names;
    for (const NeighborEntry& entry : answer->neighbors) {
      names.push_back(entry.galaxy.galaxy->plateifu);
    }
    return names;
  }

  std::optional<QueryEngine> engine_;
};

// 20 of the 50 galaxies with 127 fibres stand in the stored list of 100, roughly: 5 are found
// there, 40 are not.
TEST_F(EngineNeighborsTest, WhatPassesIsFoundWhetherTheStoredListReachesOrNot) {
  for (std::size_t row = 0; row < 250; row += 7) {
    const auto vector = engine_->snapshot().embeddings(0).row(row);
    for (const std::size_t count : {1, 5, 40, 249}) {
      const auto answer =
          engine_->FindNeighbors({.galaxy_id = Galaxy(row).plateifu,
                                  .neighbor_count = static_cast<std::int64_t>(count),
                                  .filter = {.fibres = {127}}});
      EXPECT_EQ(Names(answer), Truth(vector, {127}, row, count)) << row << ", " << count;
    }
  }
}

TEST_F(EngineNeighborsTest, MoreThanTheStoredListAreFound) {
  for (const std::size_t row : {0, 3, 249}) {
    const auto vector = engine_->snapshot().embeddings(0).row(row);
    for (const std::size_t count : {100, 101, 150, 249}) {
      const auto answer = engine_->FindNeighbors(
          {.galaxy_id = Galaxy(row).plateifu, .neighbor_count = static_cast<std::int64_t>(count)});
      EXPECT_EQ(Names(answer), Truth(vector, {19, 37, 61, 91, 127}, row, count)) << row;
      EXPECT_FALSE(answer->neighbors[0].also_in.empty() && answer->neighbors[1].also_in.empty());
    }
  }
}

TEST_F(EngineNeighborsTest, NeighborsOfAVectorPassTheFilter) {
  const std::vector<float> vector(8, 0.25f);
  for (const std::size_t count : {1, 30, 1000}) {
    const auto answer = engine_->FindNeighbors({.neighbor_count = static_cast<std::int64_t>(count),
                                                .vector = vector,
                                                .filter = {.fibres = {19, 61}}});
    EXPECT_EQ(Names(answer), Truth(vector, {19, 61}, 250, count)) << count;
  }
}

}  // namespace
}  // namespace peculiar
