// Core structs to protos: the one place that knows both. The functions add to messages that are
// empty; a value that is absent or not finite is left unset.
#pragma once

#include <string_view>
#include <vector>

#include "core/query/galaxy_selection.h"
#include "core/query/query.h"
#include "core/snapshot/snapshot.h"
#include "peculiar/v1/galaxy.pb.h"
#include "peculiar/v1/query_service.pb.h"
#include "peculiar/v1/repeat.pb.h"
#include "peculiar/v1/score.pb.h"
#include "peculiar/v1/snapshot.pb.h"

namespace peculiar::server {

// Unspecified is the paper's score. INVALID_ARGUMENT `UNKNOWN_SCORE:` for a number without a name.
absl::StatusOr<Measure> FromProto(v1::ScoreKind kind);
v1::ScoreKind ToProto(Measure measure);
// INVALID_ARGUMENT `BAD_FILTER:` for numbers without a name; what the values mean is not looked at.
absl::StatusOr<GalaxyFilter> FromProto(const v1::GalaxyFilter& filter);
// And `UNKNOWN_SCORE:`. Borrows from `range`.
absl::StatusOr<ScoreCondition> FromProto(const v1::ScoreRange& range);
absl::StatusOr<SortOrder> FromProto(v1::SortOrder order);
absl::StatusOr<PopulationGroup> FromProto(v1::PopulationGroup group);

// Request: one with model, filter and score_range. Borrows from it.
template <typename Request>
absl::StatusOr<GalaxyQuery> ToGalaxyQuery(const Request& request) {
  GalaxyQuery query;
  query.model = request.model();
  if (request.has_filter()) {
    PECULIAR_ASSIGN_OR_RETURN(query.filter, FromProto(request.filter()));
  }
  if (request.has_score_range()) {
    PECULIAR_ASSIGN_OR_RETURN(query.score, FromProto(request.score_range()));
  }
  return query;
}

void ToProto(const GalaxyEntry& entry, v1::Galaxy& galaxy);
void ToProto(const ScoreEntry& entry, v1::Score& score);
void ToProto(const LineShareEntry& entry, v1::LineShare& share);
void ToProto(const ScoredGalaxyEntry& entry, v1::ScoredGalaxy& galaxy);
void ToProto(const EmbeddingAnswer& answer, v1::Embedding& embedding);
void ToProto(const ModelScoresEntry& entry, v1::ModelScores& scores);
void ToProto(const Distribution& distribution, v1::PopulationDistribution& proto);
void ToProto(const RepeatEntry& entry, const std::vector<CatalogSpace>& spaces,
             v1::RepeatPair& pair);
// With the spaces and tags, which the manifest does not hold.
void ToProto(const Snapshot& snapshot, v1::Snapshot& proto);

}  // namespace peculiar::server
