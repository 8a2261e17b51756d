// Questions and answers of the query engine, as plain structs. Answers borrow from the engine's
// snapshot: pointers and views in them are valid as long as the engine is held. Galaxies of the
// sample only; a question names one by the rules of galaxy_id.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/query/filter.h"
#include "core/query/measure.h"
#include "core/query/measure_range.h"
#include "core/query/page.h"
#include "core/query/population.h"

namespace peculiar {

inline constexpr std::int64_t kDefaultNeighborCount = 10;
inline constexpr std::int64_t kMaxNeighborCount = 1000;
// More repeats of one galaxy than a survey makes; a bound on the size of an answer.
inline constexpr std::size_t kMaxRepeats = 100;
inline constexpr std::int64_t kDefaultBinCount = 20;
inline constexpr std::int64_t kMaxBinCount = 1000;

// A galaxy, the other observations of its MaNGA-ID in the sample, and the tags it bears.
struct GalaxyEntry {
  const CatalogGalaxy* galaxy = nullptr;
  std::vector<std::string_view> repeat_plateifus;  // rising, at most kMaxRepeats
  std::vector<std::string_view> tags;              // rising
};

// A measure of one galaxy and its place among all of the sample.
struct ScoreEntry {
  Measure measure = Measure::kMae;
  const CatalogLine* line = nullptr;  // of a measure that is of a line
  std::optional<double> value;        // absent when not ranked; then the next two are 0
  int rank = 0;                       // 1 = the highest
  double percentile = 0;              // 0..100
};

// One line's part of the mean absolute error; value absent when not finite.
struct LineShareEntry {
  const CatalogLine* line = nullptr;
  std::optional<double> value;
};

enum class SortOrder { kDescending, kAscending };

struct AnomalyQuery {
  std::string_view model;  // empty = the default
  Measure measure = Measure::kMae;
  std::string_view line;       // name of the line; for the measures of a line, and only for them
  std::int64_t offset = 0;     // galaxies of the listing to pass over, >= 0
  std::int64_t page_size = 0;  // 0 = kDefaultPageSize; more than kMaxPageSize is lowered
  SortOrder order = SortOrder::kDescending;
  GalaxyFilter filter;
  MeasureRange range;
};

// A page of the ranking as rows of the catalogue; model and line by their places.
struct AnomalyRows {
  std::size_t model = 0;
  Measure measure = Measure::kMae;
  std::size_t line = 0;             // 0 for a measure that is not of a line
  std::vector<std::uint32_t> rows;  // in the order asked for; ties by plate-IFU
  std::int64_t total_count = 0;     // galaxies in all pages
};

struct AnomalyEntry {
  GalaxyEntry galaxy;
  ScoreEntry score;                        // the one that ranks
  std::optional<LineShareEntry> top_line;  // largest share; absent when a share is not finite
};

struct AnomalyPage {
  const CatalogModel* model = nullptr;
  std::vector<AnomalyEntry> anomalies;  // in the order asked for; ties by plate-IFU
  std::int64_t total_count = 0;         // galaxies in all pages
};

struct NeighborQuery {
  std::string_view galaxy_id;       // empty when `vector` is given
  std::string_view model;           // empty = the default
  std::string_view space;           // empty = kEmbeddingSpace
  std::int64_t neighbor_count = 0;  // 0 = kDefaultNeighborCount, else 1 to kMaxNeighborCount
  std::span<const float> vector;    // a point of the space instead of a galaxy
  GalaxyFilter filter;
  std::optional<ScoreCondition> score;  // by the same model
  bool exclude_repeats = false;         // leaves out other observations of the galaxy's MaNGA-ID

  // Whether no galaxy is left out.
  bool of_all() const { return filter.empty() && !score && !exclude_repeats; }
};

struct NeighborEntry {
  GalaxyEntry galaxy;
  double distance = 0;  // Euclidean, >= 0
  ScoreEntry score;     // mean absolute error
  // Other spaces in which it is among the galaxy's first neighbours too: as many as were asked for,
  // at most those of Snapshot::neighbors, whatever the filter. Empty for a vector.
  std::vector<std::string_view> also_in;
};

struct NeighborAnswer {
  const CatalogModel* model = nullptr;
  std::string_view plateifu;  // of the galaxy asked for; empty when it was a vector
  std::string_view space;
  std::vector<NeighborEntry> neighbors;  // nearest first, itself left out; ties by plate-IFU
};

struct EmbeddingAnswer {
  const CatalogModel* model = nullptr;
  std::string_view space;
  std::string_view plateifu;
  std::span<const float> values;  // as many as the space is wide
};

struct RepeatQuery {
  std::string_view model;      // empty = the default
  std::int64_t offset = 0;     // pairs to pass over, >= 0
  std::int64_t page_size = 0;  // 0 = kDefaultPageSize; more than kMaxPageSize is lowered
};

// Two observations of one MaNGA-ID and what a model makes of them.
struct RepeatEntry {
  const CatalogGalaxy* first = nullptr;
  const CatalogGalaxy* second = nullptr;
  const ModelRepeat* repeat = nullptr;  // its places are in the order of RepeatPage::spaces
};

struct RepeatPage {
  const CatalogModel* model = nullptr;
  const std::vector<CatalogSpace>* spaces = nullptr;
  std::vector<RepeatEntry> pairs;  // by plate-IFU of the first, then of the second
  std::int64_t total_count = 0;    // pairs in all pages
};

// Percentiles of a galaxy's scores within one population that it belongs to.
struct PopulationEntry {
  const Population* population = nullptr;
  std::array<std::optional<double>, 3> percentiles;  // by score, as ModelScoresEntry::scores
};

struct ModelScoresEntry {
  const CatalogModel* model = nullptr;
  std::vector<ScoreEntry> scores;           // mae, chi, relative; relevance where there is one
  std::vector<LineShareEntry> line_shares;  // in the order of the line list
  std::vector<PopulationEntry> populations;
  std::span<const float>
      spaxel_values;  // side x side ([y][x]), add up to mae; the side is the snapshot's
};

struct GalaxyAnswer {
  GalaxyEntry galaxy;
  std::vector<ModelScoresEntry> model_scores;  // the default model first
};

struct DistributionQuery {
  std::string_view model;  // empty = the default
  Measure measure = Measure::kMae;
  std::string_view line;  // as AnomalyQuery::line
  PopulationGroup group = PopulationGroup::kAll;
  std::int64_t bin_count = 0;  // 0 = kDefaultBinCount, else 1 to kMaxBinCount
  BinScale scale = BinScale::kLinear;
  GalaxyFilter filter;
  std::optional<ScoreCondition> score;  // by the same model
};

struct DistributionAnswer {
  const CatalogModel* model = nullptr;
  const CatalogLine* line = nullptr;      // of a measure that is of a line
  std::vector<double> edges;              // of all populations' bins, bin_count + 1; empty when
                                          // no galaxy is ranked
  std::vector<Distribution> populations;  // of the group, without those that the filter empties
};

}  // namespace peculiar
