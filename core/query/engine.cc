#include "core/query/engine.h"

#include <algorithm>
#include <string>
#include <utility>

namespace peculiar {
namespace {

constexpr std::array kKinds{ScoreKind::kMae, ScoreKind::kChi, ScoreKind::kRelative};

const CatalogScore& ScoreOf(const GalaxyScores& scores, ScoreKind kind) {
  switch (kind) {
    case ScoreKind::kChi:
      return scores.chi;
    case ScoreKind::kRelative:
      return scores.relative;
    case ScoreKind::kMae:
      break;
  }
  return scores.mae;
}

std::vector<std::uint32_t> RankedRows(const std::vector<GalaxyScores>& scores, ScoreKind kind) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < scores.size(); ++row) {
    if (ScoreOf(scores[row], kind).ranked()) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    return ScoreOf(scores[a], kind).rank < ScoreOf(scores[b], kind).rank;
  });
  return rows;
}

absl::StatusOr<std::int64_t> PageSize(std::int64_t asked) {
  if (asked < 0) {
    return InvalidArgument("BAD_PAGE_SIZE: page_size is {}; give 1 to {}, or 0 for {}", asked,
                           kMaxPageSize, kDefaultPageSize);
  }
  return asked == 0 ? kDefaultPageSize : std::min(asked, kMaxPageSize);
}

absl::StatusOr<int> NeighborCount(std::int64_t asked) {
  if (asked < 0 || asked > kMaxNeighborCount) {
    return InvalidArgument("BAD_NEIGHBOR_COUNT: neighbor_count is {}; give 1 to {}, or 0 for {}",
                           asked, kMaxNeighborCount, kDefaultNeighborCount);
  }
  return static_cast<int>(asked == 0 ? kDefaultNeighborCount : asked);
}

}  // namespace

QueryEngine::QueryEngine(std::shared_ptr<const Snapshot> snapshot)
    : snapshot_(std::move(snapshot)), directory_(catalog()), rankings_(catalog().models.size()) {
  for (std::size_t model = 0; model < rankings_.size(); ++model) {
    for (const ScoreKind kind : kKinds) {
      rankings_[model][static_cast<std::size_t>(kind)] = RankedRows(catalog().scores[model], kind);
    }
  }
}

absl::StatusOr<AnomalyPage> QueryEngine::ListAnomalies(const AnomalyQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  PECULIAR_ASSIGN_OR_RETURN(const std::int64_t page_size, PageSize(query.page_size));
  const std::vector<std::uint32_t>& ranking =
      rankings_[model][static_cast<std::size_t>(query.score)];
  AnomalyPage page;
  page.model = &catalog().models[model];
  page.total_count = static_cast<std::int64_t>(ranking.size());
  const std::int64_t begin = std::clamp<std::int64_t>(query.offset, 0, page.total_count);
  const std::int64_t count = std::min(page_size, page.total_count - begin);
  page.anomalies.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = begin; i < begin + count; ++i) {
    const std::size_t row = ranking[static_cast<std::size_t>(i)];
    page.anomalies.push_back({Galaxy(row), Score(model, row, query.score), TopLine(model, row)});
  }
  return page;
}

absl::StatusOr<NeighborAnswer> QueryEngine::FindNeighbors(const NeighborQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const int count, NeighborCount(query.neighbor_count));
  if (!query.space.empty() && query.space != kLatentSpace) {
    return InvalidArgument("UNKNOWN_SPACE: no space {}; the spaces are: {}", Quoted(query.space),
                           kLatentSpace);
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, directory_.Resolve(query.galaxy_id));
  PECULIAR_ASSIGN_OR_RETURN(const NeighborList list,
                            snapshot_->latent_index(model).SearchRow(row, count));
  NeighborAnswer answer;
  answer.model = &catalog().models[model];
  answer.plateifu = catalog().galaxies[row].plateifu;
  answer.space = kLatentSpace;
  answer.neighbors.reserve(list.size());
  for (const Neighbor& neighbor : list) {
    answer.neighbors.push_back(
        {Galaxy(neighbor.row), neighbor.distance, Score(model, neighbor.row, ScoreKind::kMae)});
  }
  return answer;
}

absl::StatusOr<EmbeddingAnswer> QueryEngine::GetEmbedding(std::string_view galaxy_id,
                                                          std::string_view model_name) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(model_name));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, directory_.Resolve(galaxy_id));
  return EmbeddingAnswer{&catalog().models[model], catalog().galaxies[row].plateifu,
                         snapshot_->embeddings(model).row(row)};
}

absl::StatusOr<GalaxyAnswer> QueryEngine::GetGalaxy(std::string_view galaxy_id) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, directory_.Resolve(galaxy_id));
  GalaxyAnswer answer{Galaxy(row), {}};
  for (std::size_t model = 0; model < catalog().models.size(); ++model) {
    ModelScoresEntry entry{&catalog().models[model], {}, LineShares(model, row)};
    for (const ScoreKind kind : kKinds) entry.scores.push_back(Score(model, row, kind));
    answer.model_scores.push_back(std::move(entry));
  }
  return answer;
}

absl::StatusOr<std::size_t> QueryEngine::ResolveModel(std::string_view model) const {
  if (model.empty()) return 0;
  if (const auto found = snapshot_->FindModel(model)) return *found;
  constexpr std::size_t kMaxListed = 10;
  std::string known;
  for (std::size_t i = 0; i < std::min(catalog().models.size(), kMaxListed); ++i) {
    known += (i == 0 ? "" : ", ") + catalog().models[i].name;
  }
  if (catalog().models.size() > kMaxListed) known += ", ...";
  return NotFound("UNKNOWN_MODEL: no model {}; the models are: {}", Quoted(model), known);
}

GalaxyEntry QueryEngine::Galaxy(std::size_t row) const {
  return {&catalog().galaxies[row], directory_.Repeats(row, kMaxRepeats)};
}

ScoreEntry QueryEngine::Score(std::size_t model, std::size_t row, ScoreKind kind) const {
  return {kind, &ScoreOf(catalog().scores[model][row], kind)};
}

std::vector<LineShareEntry> QueryEngine::LineShares(std::size_t model, std::size_t row) const {
  const std::vector<std::optional<double>>& shares = catalog().scores[model][row].line_shares;
  std::vector<LineShareEntry> entries;
  entries.reserve(shares.size());
  for (std::size_t line = 0; line < shares.size(); ++line) {
    entries.push_back({&catalog().lines[line], shares[line]});
  }
  return entries;
}

std::optional<LineShareEntry> QueryEngine::TopLine(std::size_t model, std::size_t row) const {
  const std::vector<std::optional<double>>& shares = catalog().scores[model][row].line_shares;
  std::size_t top = 0;
  for (std::size_t line = 0; line < shares.size(); ++line) {
    if (!shares[line].has_value()) return std::nullopt;
    if (*shares[line] > *shares[top]) top = line;
  }
  if (shares.empty()) return std::nullopt;
  return LineShareEntry{&catalog().lines[top], shares[top]};
}

}  // namespace peculiar
