// The galaxies that a question is about, in the order of their plate-IFUs, and how one is shown
// with what a model makes of it. Plain values; what they point at is the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "core/query/filter.h"
#include "core/query/measure_range.h"
#include "core/query/query.h"

namespace peculiar {

struct GalaxyQuery {
  std::string_view model;  // empty = the default
  GalaxyFilter filter;
  std::optional<ScoreCondition> score;
  bool empty() const { return filter.empty() && !score; }  // all galaxies pass
};

// Rows, rising, as they stand in the catalogue: by plate-IFU. All of them cost no memory.
class GalaxySelection {
 public:
  // All of `size` rows.
  GalaxySelection(std::size_t model, std::size_t size) : model_(model), size_(size) {}
  GalaxySelection(std::size_t model, std::vector<std::uint32_t> rows)
      : model_(model), size_(rows.size()), is_all_(false), rows_(std::move(rows)) {}

  // Place of the question's model.
  std::size_t model() const { return model_; }
  std::size_t size() const { return size_; }
  // Requires i < size().
  std::size_t row(std::size_t i) const { return is_all_ ? i : rows_[i]; }

 private:
  std::size_t model_;
  std::size_t size_;
  bool is_all_ = true;
  std::vector<std::uint32_t> rows_;
};

struct ScoredGalaxyEntry {
  GalaxyEntry galaxy;
  // mae, chi, relative; relevance where there is one.
  absl::InlinedVector<ScoreEntry, 4> scores;
  std::optional<LineShareEntry> top_line;  // as AnomalyEntry::top_line
};

struct GalaxyPage {
  const CatalogModel* model = nullptr;
  std::vector<ScoredGalaxyEntry> galaxies;  // by plate-IFU
  std::int64_t total_count = 0;             // galaxies in all pages
};

}  // namespace peculiar
