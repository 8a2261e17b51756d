// Answers questions from one snapshot, in memory. Holds the snapshot; immutable; safe for
// concurrent use. No answer costs more than its own size, but for the exact neighbour search, which
// reads every vector once. Errors begin with a stable reason in capitals and say what would work;
// they name no path.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/query/galaxy_directory.h"
#include "core/query/query.h"
#include "core/snapshot/snapshot.h"

namespace peculiar {

class QueryEngine {
 public:
  // O(n log n) in the galaxies of the snapshot, which must not be null.
  explicit QueryEngine(std::shared_ptr<const Snapshot> snapshot);
  QueryEngine(const QueryEngine&) = delete;
  QueryEngine& operator=(const QueryEngine&) = delete;

  const Snapshot& snapshot() const { return *snapshot_; }

  // Every method: NOT_FOUND `UNKNOWN_MODEL:` with the models there are.

  // A page of the ranking; empty past its end. A galaxy whose score is not finite is not in it.
  // INVALID_ARGUMENT `BAD_PAGE_SIZE:` for a negative page size.
  absl::StatusOr<AnomalyPage> ListAnomalies(const AnomalyQuery& query) const;

  // INVALID_ARGUMENT `BAD_NEIGHBOR_COUNT:`, `UNKNOWN_SPACE:`; the errors of
  // GalaxyDirectory::Resolve. Fewer than asked for when the sample is smaller.
  absl::StatusOr<NeighborAnswer> FindNeighbors(const NeighborQuery& query) const;

  // The errors of GalaxyDirectory::Resolve.
  absl::StatusOr<EmbeddingAnswer> GetEmbedding(std::string_view galaxy_id,
                                               std::string_view model) const;
  absl::StatusOr<GalaxyAnswer> GetGalaxy(std::string_view galaxy_id) const;

  // Place of a model in the snapshot; empty = the default's.
  absl::StatusOr<std::size_t> ResolveModel(std::string_view model) const;

 private:
  static constexpr std::size_t kScoreKinds = 3;
  // Rows by falling score, for each kind of score of one model: place r - 1 holds rank r.
  using Rankings = std::array<std::vector<std::uint32_t>, kScoreKinds>;

  const CatalogContent& catalog() const { return snapshot_->catalog(); }
  GalaxyEntry Galaxy(std::size_t row) const;
  ScoreEntry Score(std::size_t model, std::size_t row, ScoreKind kind) const;
  std::vector<LineShareEntry> LineShares(std::size_t model, std::size_t row) const;
  std::optional<LineShareEntry> TopLine(std::size_t model, std::size_t row) const;

  std::shared_ptr<const Snapshot> snapshot_;
  GalaxyDirectory directory_;
  std::vector<Rankings> rankings_;  // by model
};

}  // namespace peculiar
