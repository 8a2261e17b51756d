// A query engine as it is served: with what answers say of each galaxy, and of its mean absolute
// error by each model, encoded once, when its snapshot is opened, and with the answers to the usual
// question for neighbours whole. Looking up, building and encoding each row again is most of what a
// page or a list of neighbours would cost beyond an empty call. Immutable; safe for concurrent use.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/query/engine.h"
#include "server/encoded_rows.h"

namespace peculiar::server {

struct EncodedNeighbors {
  std::size_t model = 0;  // by its place in the snapshot
  grpc::Slice bytes;      // FindNeighborsResponse; may outlive the engine
};

class ServedEngine final : public QueryEngine {
 public:
  // 50,000 ready answers as they usually are: two models of a survey of MaNGA's size twice over.
  // Their number alone is no bound, for tags and repeats make them longer.
  static constexpr std::size_t kMaxReadyBytes = std::size_t{64} << 20;

  // O(galaxies x models); some 200 bytes of memory a galaxy and model. Answers to the usual
  // question for neighbours (the first kDefaultNeighborCount of a galaxy, of all galaxies in the
  // space of the embedding) lie ready for the first models, as many as max_ready_bytes hold.
  explicit ServedEngine(std::shared_ptr<const Snapshot> snapshot,
                        std::size_t max_ready_bytes = kMaxReadyBytes);

  // Appends rows of the page as the field `anomalies`, all but those that are too many for a
  // response, and returns how many.
  int AppendAnomalies(const AnomalyRows& page, ResponseBytes& bytes) const;
  // All rows of the page as AppendAnomalies writes them, without a copy; absent when they do not
  // lie one behind the other: those of a page of all galaxies by mae, the highest first, do.
  std::optional<grpc::Slice> AnomaliesTogether(const AnomalyRows& page) const;

  // The answer to a question. Errors of RankNeighbors.
  absl::StatusOr<EncodedNeighbors> EncodeNeighbors(const NeighborQuery& query) const;

 private:
  void EncodeReadyNeighbors(std::size_t max_bytes);
  void AppendAnomaly(const AnomalyRows& page, std::size_t row, ResponseBytes& bytes) const;
  void AppendNeighbors(const NeighborRows& found, ResponseBytes& bytes) const;
  void AppendNeighbor(const NeighborRows& found, const Neighbor& neighbor,
                      ResponseBytes& bytes) const;

  std::vector<RankedAnomalies> anomalies_;     // by model, ranked by mae
  std::vector<AnswersByRow> ready_neighbors_;  // of the first models
};

}  // namespace peculiar::server
