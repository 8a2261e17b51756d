// For tests of core/query: a query engine over the ready snapshot, and what is true of it by plain
// loops over what was published.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/query/engine.h"
#include "tests/support/ready_snapshot.h"

namespace peculiar::testing {

// ready_: what was published. engine_: over what was read back.
class ReadyEngineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) / fmt::format("ready_engine_{}", ::getpid());
    std::filesystem::remove_all(folder);
    const std::string id = PublishReadySnapshot(folder);
    absl::StatusOr<Snapshot> snapshot = Snapshot::Open(folder / id, VerifyMode::kFull);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    engine_ = new QueryEngine(std::make_shared<const Snapshot>(*std::move(snapshot)));
    ready_ = new ReadyContent();
    std::filesystem::remove_all(folder);
  }
  static void TearDownTestSuite() {
    delete engine_;
    delete ready_;
  }

  static const std::string& PlateIfu(std::size_t row) {
    return ready_->content.catalog.galaxies[row].plateifu;
  }

  // Rows by falling score, ties by row, without those that are not finite.
  static std::vector<std::string> TrueRanking(std::size_t model, ScoreKind kind) {
    const auto value = [&](std::size_t row) { return ready_->scores[model][row].value(kind); };
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < ready_->scores[model].size(); ++row) {
      if (std::isfinite(value(row))) rows.push_back(row);
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::size_t a, std::size_t b) { return value(a) > value(b); });
    std::vector<std::string> names;
    for (const std::size_t row : rows) names.push_back(PlateIfu(row));
    return names;
  }

  // All other rows by distance in double, ties by row.
  static NeighborList TrueNeighbors(std::size_t model, std::size_t row) {
    const std::size_t n = ready_->content.catalog.galaxies.size();
    const std::size_t width = ready_->embeddings[model].size() / n;
    const float* const values = ready_->embeddings[model].data();
    NeighborList list;
    for (std::size_t other = 0; other < n; ++other) {
      double sum = 0;
      for (std::size_t i = 0; i < width; ++i) {
        const double step = double{values[row * width + i]} - double{values[other * width + i]};
        sum += step * step;
      }
      if (other != row) list.push_back({other, std::sqrt(sum)});
    }
    std::stable_sort(list.begin(), list.end(),
                     [](const Neighbor& a, const Neighbor& b) { return a.distance < b.distance; });
    return list;
  }

  static inline QueryEngine* engine_ = nullptr;
  static inline ReadyContent* ready_ = nullptr;
};

}  // namespace peculiar::testing
