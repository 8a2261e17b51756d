#include "server/served_engine.h"

#include <numeric>
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

// Where the content begins of a field of bytes, which is the first of `message`, and where it ends.
struct FirstField {
  explicit FirstField(std::string_view message) {
    std::size_t size = 0;
    for (int shift = 0;; shift += 7) {  // a varint
      const auto byte = static_cast<unsigned char>(message[begin++]);
      size |= static_cast<std::size_t>(byte & 127) << shift;
      if (byte < 128) break;
    }
    end = begin + size;
  }
  std::size_t begin = 1;  // after the tag
  std::size_t end = 0;
};

// A row, which is the field `anomalies`, as its parts with their tags.
struct AnomalyParts {
  explicit AnomalyParts(std::string_view row) {
    row.remove_prefix(FirstField(row).begin);
    galaxy = row.substr(0, FirstField(row).end);
    row.remove_prefix(galaxy.size());
    score = row.substr(0, FirstField(row).end);
    top_line = row.substr(score.size());
  }
  std::string_view galaxy, score, top_line;
};

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

void AppendMessage(const google::protobuf::MessageLite& message, ResponseBytes& bytes) {
  message.SerializeWithCachedSizesToArray(bytes.Extend(message.ByteSizeLong()));
}

}  // namespace

ServedEngine::ServedEngine(std::shared_ptr<const Snapshot> snapshot)
    : QueryEngine(std::move(snapshot)) {
  std::vector<std::uint32_t> rows(this->snapshot().catalog().galaxies.size());
  std::iota(rows.begin(), rows.end(), 0);
  v1::Anomaly anomaly;
  const BytesByRow galaxies(rows, [&](std::size_t row, ResponseBytes& bytes) {
    anomaly.Clear();
    ToProto(Galaxy(row), *anomaly.mutable_galaxy());
    AppendMessage(anomaly, bytes);
  });
  anomaly.Clear();
  for (std::size_t model = 0; model < this->snapshot().catalog().models.size(); ++model) {
    const std::string& name = this->snapshot().catalog().models[model].name;
    anomalies_.emplace_back(RankedFirst(*this, name), [&](std::size_t row, ResponseBytes& bytes) {
      anomaly.Clear();
      ToProto(Score(model, row, Measure::kMae), *anomaly.mutable_score());
      if (const auto top = TopLine(model, row)) ToProto(*top, *anomaly.mutable_top_line());
      AppendField(1, {galaxies[row], anomaly.SerializeAsString()}, bytes);
    });
  }
}

void ServedEngine::AppendAnomaly(const AnomalyRows& page, std::size_t row,
                                 ResponseBytes& rows) const {
  const std::string_view by_mae = anomalies_[page.model][row];
  if (page.measure == Measure::kMae) return rows.Append(by_mae);
  const AnomalyParts parts(by_mae);
  v1::Anomaly score;
  ToProto(Score(page.model, row, page.measure, page.line), *score.mutable_score());
  AppendField(1, {parts.galaxy, score.SerializeAsString(), parts.top_line}, rows);
}

std::optional<grpc::Slice> ServedEngine::AnomaliesTogether(const AnomalyRows& page) const {
  if (page.measure != Measure::kMae) return {};
  return anomalies_[page.model].Together(page.rows);
}

void ServedEngine::AppendNeighbor(const NeighborRows& found, const Neighbor& neighbor,
                                  ResponseBytes& rows) const {
  const AnomalyParts parts(anomalies_[found.model][neighbor.row]);
  const DoubleField distance(2, neighbor.distance);
  absl::InlinedVector<std::string_view, 4> also_in;
  std::size_t also_in_size = 0;
  for (const FirstNeighbors& first : found.elsewhere) {
    if (!first.Has(neighbor.row)) continue;
    also_in.push_back(first.space);
    also_in_size += FieldSize(first.space.size());
  }
  constexpr std::string_view kScoreTag = "\x1a";  // of field 3
  AppendField(1, {parts.galaxy, distance.bytes(), kScoreTag, parts.score.substr(1)}, rows,
              also_in_size);
  for (const std::string_view space : also_in) AppendField(4, {space}, rows);
}

}  // namespace peculiar::server
