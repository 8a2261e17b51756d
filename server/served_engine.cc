#include "server/served_engine.h"

#include <utility>

#include "server/convert.h"
#include "server/encoded_response.h"

namespace peculiar::server {
namespace {

static_assert(v1::Anomaly::kGalaxyFieldNumber == 1 && v1::Neighbor::kGalaxyFieldNumber == 1);
static_assert(v1::Anomaly::kScoreFieldNumber == 2 && v1::Neighbor::kScoreFieldNumber == 3);
static_assert(v1::Neighbor::kDistanceFieldNumber == 2 &&
              v1::Neighbor::kAlsoInSpacesFieldNumber == 4);

// The first field of a message, which is of bytes: with its tag, and without.
struct FirstField {
  std::string_view whole;
  std::string_view content;
};

FirstField FirstFieldOf(std::string_view message) {
  std::size_t at = 1;  // after the tag
  std::size_t size = 0;
  for (int shift = 0;; shift += 7) {  // a varint
    const auto byte = static_cast<unsigned char>(message[at++]);
    size |= static_cast<std::size_t>(byte & 127) << shift;
    if (byte < 128) break;
  }
  return {message.substr(0, at + size), message.substr(at, size)};
}

}  // namespace

ServedEngine::ServedEngine(std::shared_ptr<const Snapshot> snapshot)
    : QueryEngine(std::move(snapshot)), anomalies_(this->snapshot().catalog().models.size()) {
  v1::ListAnomaliesResponse response;
  v1::Anomaly& anomaly = *response.add_anomalies();
  for (std::size_t row = 0; row < this->snapshot().catalog().galaxies.size(); ++row) {
    anomaly.clear_galaxy();
    ToProto(Galaxy(row), *anomaly.mutable_galaxy());
    for (std::size_t model = 0; model < anomalies_.size(); ++model) {
      anomaly.clear_score();
      anomaly.clear_top_line();
      ToProto(Score(model, row, Measure::kMae), *anomaly.mutable_score());
      if (const auto top = TopLine(model, row)) ToProto(*top, *anomaly.mutable_top_line());
      anomalies_[model].Add(response.SerializeAsString());
    }
  }
}

void ServedEngine::AppendAnomaly(const AnomalyRows& page, std::size_t row,
                                 std::string& rows) const {
  const std::string_view by_mae = anomalies_[page.model][row];
  if (page.measure == Measure::kMae) {
    rows.append(by_mae);
    return;
  }
  const std::string_view anomaly = FirstFieldOf(by_mae).content;
  const std::string_view galaxy = FirstFieldOf(anomaly).whole;
  const std::string_view mae = FirstFieldOf(anomaly.substr(galaxy.size())).whole;
  v1::Anomaly score;
  ToProto(Score(page.model, row, page.measure, page.line), *score.mutable_score());
  AppendField(1, {galaxy, score.SerializeAsString(), anomaly.substr(galaxy.size() + mae.size())},
              rows);
}

void ServedEngine::AppendNeighbor(const NeighborRows& found, const Neighbor& neighbor,
                                  std::string& rows) const {
  const std::string_view anomaly = FirstFieldOf(anomalies_[found.model][neighbor.row]).content;
  const std::string_view galaxy = FirstFieldOf(anomaly).whole;
  const std::string_view score = FirstFieldOf(anomaly.substr(galaxy.size())).whole;
  std::string distance, also_in;  // short: not on the heap
  AppendDouble(2, neighbor.distance, distance);
  for (const std::string_view space : AlsoIn(found, neighbor.row)) AppendField(4, {space}, also_in);
  constexpr std::string_view kScoreTag = "\x1a";  // of field 3
  AppendField(1, {galaxy, distance, kScoreTag, score.substr(1), also_in}, rows);
}

}  // namespace peculiar::server
