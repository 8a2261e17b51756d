// Answers questions from one snapshot, in memory. Holds the snapshot; safe for concurrent use. An
// answer costs its own size, and a bit a galaxy for a condition of its filter; a distribution and
// an exact neighbour search read every galaxy once more. Memory by the size of the catalogue is not
// allocated a question (scratch.h). Errors begin with a stable reason in capitals and say what
// would work; they name no path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/query/filter_columns.h"
#include "core/query/galaxy_directory.h"
#include "core/query/galaxy_selection.h"
#include "core/query/neighbor_rows.h"
#include "core/query/query.h"
#include "core/query/top_lines.h"
#include "core/snapshot/snapshot.h"

namespace peculiar {

class QueryEngine {
 public:
  // O(n log n) in the galaxies of the snapshot, which must not be null. The columns of lines and of
  // filters are sorted by the first question that needs them.
  explicit QueryEngine(std::shared_ptr<const Snapshot> snapshot);
  QueryEngine(const QueryEngine&) = delete;
  QueryEngine& operator=(const QueryEngine&) = delete;

  const Snapshot& snapshot() const { return *snapshot_; }

  // Every method: NOT_FOUND `UNKNOWN_MODEL:` with the models there are.

  // A page of the ranking; empty past its end. A galaxy whose measure is not finite is not in it.
  // INVALID_ARGUMENT `BAD_PAGE_SIZE:` for a negative page size, `UNKNOWN_LINE:`, `BAD_FILTER:`;
  // FAILED_PRECONDITION `NO_RELEVANCE:` when the model has none; the errors of
  // FilterColumns::Select.
  absl::StatusOr<AnomalyPage> ListAnomalies(const AnomalyQuery& query) const;
  // Which galaxies these are, for a caller that has what is said of them.
  absl::StatusOr<AnomalyRows> RankAnomalies(const AnomalyQuery& query) const;

  // INVALID_ARGUMENT `BAD_NEIGHBOR_COUNT:`, `UNKNOWN_SPACE:`, `BAD_VECTOR:` for one of another
  // width or beside a galaxy, `BAD_FILTER:`; the errors of GalaxyDirectory::Resolve and
  // FilterColumns::Select.
  // Fewer than asked for when fewer pass.
  absl::StatusOr<NeighborAnswer> FindNeighbors(const NeighborQuery& query) const;
  // Which galaxies these are, for a caller that has what is said of them; valid as long as this.
  absl::StatusOr<NeighborRows> RankNeighbors(const NeighborQuery& query) const;
  // The same for a row of the catalogue, of all galaxies, at most those of Snapshot::neighbors. By
  // places in the snapshot; O(spaces).
  NeighborRows StoredNeighbors(std::size_t model, std::size_t space, std::size_t row,
                               int count) const;

  // space: empty = kEmbeddingSpace. `UNKNOWN_SPACE:`; the errors of GalaxyDirectory::Resolve.
  absl::StatusOr<EmbeddingAnswer> GetEmbedding(std::string_view galaxy_id, std::string_view model,
                                               std::string_view space = {}) const;
  // model: empty = all of them. The errors of GalaxyDirectory::Resolve.
  absl::StatusOr<GalaxyAnswer> GetGalaxy(std::string_view galaxy_id,
                                         std::string_view model = {}) const;

  // The galaxies that pass. `UNKNOWN_LINE:`, `BAD_FILTER:`, `NO_RELEVANCE:`; the errors of
  // FilterColumns::Select. Without a condition O(1), else O(n), 4 bytes for each that passes.
  absl::StatusOr<GalaxySelection> SelectGalaxies(const GalaxyQuery& query) const;
  // A page of them, O(n / 64) and the places up to its end. `BAD_PAGE_SIZE:`, as SelectGalaxies.
  absl::StatusOr<GalaxyPage> ListGalaxies(const GalaxyQuery& query, const PageQuery& page) const;
  // What is said of a row of the catalogue and of a model by its place. O(1).
  ScoredGalaxyEntry ScoredGalaxy(std::size_t model, std::size_t row) const;
  // Coordinates of a row of the catalogue in a space of ResolveSpace. O(1).
  EmbeddingAnswer Embedding(std::size_t model, std::size_t space, std::size_t row) const;

  // What answers say of a row of the catalogue. line: 0 for a measure that is not of a line.
  GalaxyEntry Galaxy(std::size_t row) const;
  ScoreEntry Score(std::size_t model, std::size_t row, Measure measure, std::size_t line = 0) const;
  // The line that adds most to the mean absolute error; absent when a share is not finite.
  std::optional<LineShareEntry> TopLine(std::size_t model, std::size_t row) const;

  // INVALID_ARGUMENT `BAD_BIN_COUNT:` and as ListAnomalies.
  absl::StatusOr<DistributionAnswer> GetDistribution(const DistributionQuery& query) const;

  // A page of the repeat self-check. `BAD_PAGE_SIZE:`.
  absl::StatusOr<RepeatPage> ListRepeats(const RepeatQuery& query) const;

  // Place of a model in the snapshot; empty = the default's.
  absl::StatusOr<std::size_t> ResolveModel(std::string_view model) const;
  // Row of a galaxy in the catalogue. The errors of GalaxyDirectory::Resolve.
  absl::StatusOr<std::size_t> ResolveGalaxy(std::string_view galaxy_id) const {
    return directory_.Resolve(galaxy_id);
  }
  // Place of a space of the model; empty = that of the embedding. `UNKNOWN_SPACE:`.
  absl::StatusOr<std::size_t> ResolveSpace(std::size_t model, std::string_view space) const;

 private:
  const CatalogContent& catalog() const { return snapshot_->catalog(); }
  bool HasRelevance(std::size_t model) const;
  // Place of a measure's line in the line list; 0 for a measure without one.
  absl::StatusOr<std::size_t> ResolveLine(std::size_t model, Measure measure,
                                          std::string_view line) const;
  // Replaces `rows` by those that pass.
  absl::Status Select(const GalaxyQuery& query, std::size_t model, RowSet& rows) const;
  // Takes out of `rows` what the condition, if there is one, leaves out.
  absl::Status KeepScored(const std::optional<ScoreCondition>& condition, std::size_t model,
                          RowSet& rows) const;
  // By a search of all galaxies, and of those that pass; from: model, space and row.
  absl::StatusOr<NeighborList> Nearest(const NeighborQuery& query, int count,
                                       const NeighborRows& from) const;
  absl::StatusOr<NeighborList> NearestPassing(const NeighborQuery& query, int count,
                                              const NeighborRows& from) const;
  std::vector<LineShareEntry> LineShares(std::size_t model, std::size_t row) const;
  PopulationEntry Percentiles(std::size_t model, std::size_t population, std::size_t row) const;

  std::shared_ptr<const Snapshot> snapshot_;
  GalaxyDirectory directory_;
  FilterColumns filter_columns_;
  std::vector<MeasureTable> measures_;  // by model
  std::vector<TopLines> top_lines_;     // by model
  std::vector<Population> populations_;
  std::vector<MemberRanks> member_ranks_;            // [model][population][mae, chi, relative]
  std::vector<std::vector<std::string_view>> tags_;  // by row
};

}  // namespace peculiar
