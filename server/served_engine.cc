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

// Sets all but the galaxy.
void ScoresToProto(const ScoreEntry& score, const std::optional<LineShareEntry>& top_line,
                   v1::Anomaly& anomaly) {
  ToProto(score, *anomaly.mutable_score());
  if (top_line) ToProto(*top_line, *anomaly.mutable_top_line());
}

}  // namespace

ServedEngine::ServedEngine(std::shared_ptr<const Snapshot> snapshot)
    : QueryEngine(std::move(snapshot)), scores_(this->snapshot().catalog().models.size()) {
  v1::Anomaly anomaly;
  for (std::size_t row = 0; row < this->snapshot().catalog().galaxies.size(); ++row) {
    anomaly.Clear();
    ToProto(Galaxy(row), *anomaly.mutable_galaxy());
    galaxies_.Add(anomaly.SerializeAsString());
    for (std::size_t model = 0; model < scores_.size(); ++model) {
      anomaly.Clear();
      ScoresToProto(Score(model, row, Measure::kMae), TopLine(model, row), anomaly);
      scores_[model].Add(anomaly.SerializeAsString());
    }
  }
}

void ServedEngine::AppendAnomaly(const AnomalyRows& page, std::size_t row,
                                 std::string& rows) const {
  if (page.measure == Measure::kMae) {
    AppendField(1, {galaxies_[row], scores_[page.model][row]}, rows);
    return;
  }
  v1::Anomaly anomaly;
  ScoresToProto(Score(page.model, row, page.measure, page.line), TopLine(page.model, row), anomaly);
  AppendField(1, {galaxies_[row], anomaly.SerializeAsString()}, rows);
}

void ServedEngine::AppendNeighbor(const NeighborRows& found, const Neighbor& neighbor,
                                  std::string& rows) const {
  // The score is the first field: a tag, a length below 128, and the message. Here its tag is 3.
  const std::string_view scores = scores_[found.model][neighbor.row];
  const char score_head[] = {(3 << 3) | 2, scores[1]};
  const std::string_view score = scores.substr(2, static_cast<unsigned char>(scores[1]));
  std::string distance, also_in;  // short: not on the heap
  AppendDouble(2, neighbor.distance, distance);
  for (const std::string_view space : AlsoIn(found, neighbor.row)) AppendField(4, {space}, also_in);
  const std::string_view score_tag(score_head, sizeof score_head);
  AppendField(1, {galaxies_[neighbor.row], distance, score_tag, score, also_in}, rows);
}

}  // namespace peculiar::server
