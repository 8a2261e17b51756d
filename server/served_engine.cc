#include "server/served_engine.h"

#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "server/convert.h"

namespace peculiar::server {
namespace {

static_assert(v1::Anomaly::kGalaxyFieldNumber == 1 && v1::Neighbor::kGalaxyFieldNumber == 1);
static_assert(v1::Anomaly::kScoreFieldNumber == 2 && v1::Neighbor::kScoreFieldNumber == 3);
static_assert(v1::Neighbor::kDistanceFieldNumber == 2 &&
              v1::Neighbor::kAlsoInSpacesFieldNumber == 4);

// All rows: those that are ranked by mae, the highest first, then the others.
std::vector<std::uint32_t> RankedFirst(const QueryEngine& engine, const std::string& model) {
  std::vector<std::uint32_t> order;
  std::vector<bool> is_ranked(engine.snapshot().catalog().galaxies.size());
  AnomalyQuery query{.model = model, .page_size = kMaxPageSize};
  for (;; query.offset += kMaxPageSize) {
    const absl::StatusOr<AnomalyRows> page = engine.RankAnomalies(query);
    if (!page.ok() || page->rows.empty()) break;
    for (const std::uint32_t row : page->rows) is_ranked[row] = true;
    order.insert(order.end(), page->rows.begin(), page->rows.end());
  }
  for (std::uint32_t row = 0; row < is_ranked.size(); ++row) {
    if (!is_ranked[row]) order.push_back(row);
  }
  return order;
}

bool IsUsual(const NeighborQuery& query) {
  return query.vector.empty() && query.of_all() &&
         (query.neighbor_count == 0 || query.neighbor_count == kDefaultNeighborCount) &&
         (query.space.empty() || query.space == kEmbeddingSpace);
}

}  // namespace

ServedEngine::ServedEngine(std::shared_ptr<const Snapshot> snapshot, std::size_t max_ready_bytes)
    : QueryEngine(std::move(snapshot)) {
  const CatalogContent& catalog = this->snapshot().catalog();
  v1::Anomaly with_galaxy, with_score, with_line;  // cleared, they keep their memory
  std::vector<std::string> galaxies(catalog.galaxies.size());
  for (std::size_t row = 0; row < galaxies.size(); ++row) {
    with_galaxy.Clear();
    ToProto(Galaxy(row), *with_galaxy.mutable_galaxy());
    with_galaxy.SerializeToString(&galaxies[row]);
  }
  for (std::size_t model = 0; model < catalog.models.size(); ++model) {
    std::string score, top_line;
    anomalies_.emplace_back(RankedFirst(*this, catalog.models[model].name), [&](std::size_t row) {
      with_score.Clear();
      with_line.Clear();
      ToProto(Score(model, row, Measure::kMae), *with_score.mutable_score());
      if (const auto top = TopLine(model, row)) ToProto(*top, *with_line.mutable_top_line());
      with_score.SerializeToString(&score);
      with_line.SerializeToString(&top_line);
      return AnomalyFields{galaxies[row], score, top_line};
    });
  }
  EncodeReadyNeighbors(max_ready_bytes);
}

void ServedEngine::EncodeReadyNeighbors(std::size_t max_bytes) {
  const std::size_t count = snapshot().catalog().galaxies.size();
  for (std::size_t model = 0; model < anomalies_.size(); ++model) {
    // As many rows as this, of a like size: spares trying in vain.
    if (kDefaultNeighborCount * anomalies_[model].byte_count() > max_bytes) return;
    const std::size_t space = *snapshot().FindSpace(model, kEmbeddingSpace);
    AnswersByRow answers(count, UsualBytes(kDefaultNeighborCount), max_bytes,
                         [&](std::size_t row, ResponseBytes& bytes) {
                           AppendNeighbors(
                               StoredNeighbors(model, space, row, kDefaultNeighborCount), bytes);
                         });
    if (answers.byte_count() > max_bytes) return;
    max_bytes -= answers.byte_count();
    ready_neighbors_.push_back(std::move(answers));
  }
}

int ServedEngine::AppendAnomalies(const AnomalyRows& page, ResponseBytes& bytes) const {
  for (const std::uint32_t row : page.rows) anomalies_[page.model].Prefetch(row);
  int count = 0;
  for (const std::uint32_t row : page.rows) {
    AppendAnomaly(page, row, bytes);
    ++count;
    if (bytes.size() > kFullResponseBytes) break;
  }
  return count;
}

void ServedEngine::AppendAnomaly(const AnomalyRows& page, std::size_t row,
                                 ResponseBytes& bytes) const {
  const RankedAnomalies& by_mae = anomalies_[page.model];
  if (page.measure == Measure::kMae) return bytes.Append(by_mae[row]);
  const AnomalyFields fields = by_mae.Fields(row);
  v1::Anomaly score;
  ToProto(Score(page.model, row, page.measure, page.line), *score.mutable_score());
  AppendField(1, {fields.galaxy, score.SerializeAsString(), fields.top_line}, bytes);
}

std::optional<grpc::Slice> ServedEngine::AnomaliesTogether(const AnomalyRows& page) const {
  if (page.measure != Measure::kMae) return {};
  return anomalies_[page.model].Together(page.rows);
}

absl::StatusOr<EncodedNeighbors> ServedEngine::EncodeNeighbors(const NeighborQuery& query) const {
  if (IsUsual(query)) {
    PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
    if (model < ready_neighbors_.size()) {
      PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, ResolveGalaxy(query.galaxy_id));
      return EncodedNeighbors{model, ready_neighbors_[model][row]};
    }
  }
  PECULIAR_ASSIGN_OR_RETURN(const NeighborRows found, RankNeighbors(query));
  ResponseBytes bytes(UsualBytes(found.nearest.size()));
  AppendNeighbors(found, bytes);
  return EncodedNeighbors{found.model, bytes.Take()};
}

void ServedEngine::AppendNeighbors(const NeighborRows& found, ResponseBytes& bytes) const {
  for (const Neighbor& neighbor : found.nearest) anomalies_[found.model].Prefetch(neighbor.row);
  const std::size_t begin = bytes.size();
  for (const Neighbor& neighbor : found.nearest) {
    AppendNeighbor(found, neighbor, bytes);
    if (bytes.size() - begin > kFullResponseBytes) break;
  }
  using Fields = v1::FindNeighborsResponse;
  if (found.row) {
    AppendText(Fields::kPlateifuFieldNumber, snapshot().catalog().galaxies[*found.row].plateifu,
               bytes);
  }
  AppendText(Fields::kSpaceFieldNumber, snapshot().spaces(found.model)[found.space].name, bytes);
  AppendText(Fields::kSnapshotIdFieldNumber, snapshot().id(), bytes);
  AppendText(Fields::kModelFieldNumber, snapshot().catalog().models[found.model].name, bytes);
}

void ServedEngine::AppendNeighbor(const NeighborRows& found, const Neighbor& neighbor,
                                  ResponseBytes& bytes) const {
  const AnomalyFields fields = anomalies_[found.model].Fields(neighbor.row);
  const DoubleField distance(2, neighbor.distance);
  absl::InlinedVector<std::string_view, 4> also_in;
  std::size_t also_in_size = 0;
  for (const FirstNeighbors& first : found.elsewhere) {
    if (!first.Has(neighbor.row)) continue;
    also_in.push_back(first.space);
    also_in_size += FieldSize(first.space.size());
  }
  constexpr std::string_view kScoreTag = "\x1a";  // of field 3
  AppendField(1, {fields.galaxy, distance.bytes(), kScoreTag, fields.score.substr(1)}, bytes,
              also_in_size);
  for (const std::string_view space : also_in) AppendField(4, {space}, bytes);
}

}  // namespace peculiar::server
