// Questions and answers of the query engine, as plain structs. Answers borrow from the engine's
// snapshot: pointers and views in them are valid as long as the engine is held. Galaxies of the
// sample only; a question names one by the rules of galaxy_id.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/embedding/score.h"

namespace peculiar {

inline constexpr std::int64_t kDefaultPageSize = 50;
inline constexpr std::int64_t kMaxPageSize = 1000;
inline constexpr std::int64_t kDefaultNeighborCount = 10;
inline constexpr std::int64_t kMaxNeighborCount = 1000;
// More repeats of one galaxy than a survey makes; a bound on the size of an answer.
inline constexpr std::size_t kMaxRepeats = 100;
inline constexpr std::string_view kLatentSpace = "latent";

// A galaxy and the other observations of its MaNGA-ID in the sample.
struct GalaxyEntry {
  const CatalogGalaxy* galaxy = nullptr;
  std::vector<std::string_view> repeat_plateifus;  // rising, at most kMaxRepeats
};

struct ScoreEntry {
  ScoreKind kind = ScoreKind::kMae;
  const CatalogScore* score = nullptr;
};

// One line's part of the mean absolute error; value absent when not finite.
struct LineShareEntry {
  const CatalogLine* line = nullptr;
  std::optional<double> value;
};

struct AnomalyQuery {
  std::string_view model;  // empty = the default
  ScoreKind score = ScoreKind::kMae;
  std::int64_t offset = 0;     // ranked galaxies to pass over, >= 0
  std::int64_t page_size = 0;  // 0 = kDefaultPageSize; more than kMaxPageSize is lowered
};

struct AnomalyEntry {
  GalaxyEntry galaxy;
  ScoreEntry score;                        // the one that ranks
  std::optional<LineShareEntry> top_line;  // largest share; absent when a share is not finite
};

struct AnomalyPage {
  const CatalogModel* model = nullptr;
  std::vector<AnomalyEntry> anomalies;  // highest score first; ties by plate-IFU
  std::int64_t total_count = 0;         // ranked galaxies in all pages
};

struct NeighborQuery {
  std::string_view galaxy_id;
  std::string_view model;           // empty = the default
  std::string_view space;           // empty = kLatentSpace, the only one
  std::int64_t neighbor_count = 0;  // 0 = kDefaultNeighborCount, else 1 to kMaxNeighborCount
};

struct NeighborEntry {
  GalaxyEntry galaxy;
  double distance = 0;  // Euclidean, >= 0
  ScoreEntry score;     // mean absolute error
};

struct NeighborAnswer {
  const CatalogModel* model = nullptr;
  std::string_view plateifu;  // of the galaxy asked for
  std::string_view space;
  std::vector<NeighborEntry> neighbors;  // nearest first, itself left out; ties by plate-IFU
};

struct EmbeddingAnswer {
  const CatalogModel* model = nullptr;
  std::string_view plateifu;
  std::span<const float> values;  // model->dimension of them
};

struct ModelScoresEntry {
  const CatalogModel* model = nullptr;
  std::vector<ScoreEntry> scores;           // every kind once
  std::vector<LineShareEntry> line_shares;  // in the order of the line list
};

struct GalaxyAnswer {
  GalaxyEntry galaxy;
  std::vector<ModelScoresEntry> model_scores;  // the default model first
};

}  // namespace peculiar
