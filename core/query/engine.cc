#include "core/query/engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "core/query/listing.h"
#include "core/query/scratch.h"

namespace peculiar {
namespace {

absl::StatusOr<int> BinCount(std::int64_t asked) {
  if (asked < 0 || asked > kMaxBinCount) {
    return InvalidArgument("BAD_BIN_COUNT: bin_count is {}; give 1 to {}, or 0 for {}", asked,
                           kMaxBinCount, kDefaultBinCount);
  }
  return static_cast<int>(asked == 0 ? kDefaultBinCount : asked);
}

absl::Status CheckVector(const NeighborQuery& query, std::size_t width) {
  if (!query.galaxy_id.empty()) {
    return InvalidArgument("BAD_VECTOR: give a galaxy or a vector, not both");
  }
  if (query.vector.size() != width) {
    return InvalidArgument("BAD_VECTOR: the vector has {} values, the space {}",
                           query.vector.size(), width);
  }
  for (std::size_t i = 0; i < width; ++i) {
    if (!std::isfinite(query.vector[i])) {
      return InvalidArgument("BAD_VECTOR: value {} is {}", i, query.vector[i]);
    }
  }
  return absl::OkStatus();
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
    : snapshot_(std::move(snapshot)),
      directory_(catalog()),
      filter_columns_(catalog(), directory_),
      populations_(MakePopulations(catalog())),
      tags_(catalog().galaxies.size()) {
  for (const CatalogTag& tag : catalog().tags) {
    for (const std::size_t row : tag.galaxies) tags_[row].push_back(tag.name);
  }
  for (std::size_t model = 0; model < catalog().models.size(); ++model) {
    measures_.emplace_back(catalog(), model);
    top_lines_.emplace_back(catalog(), model);
    for (const Population& population : populations_) {
      for (const Measure score : kScoreMeasures) {
        member_ranks_.emplace_back(population, measures_[model].column(score, 0));
      }
    }
  }
}

absl::StatusOr<AnomalyRows> QueryEngine::RankAnomalies(const AnomalyQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t line, ResolveLine(model, query.measure, query.line));
  PECULIAR_RETURN_IF_ERROR(CheckPageSize(query.page_size));
  PECULIAR_RETURN_IF_ERROR(CheckRange(query.range));
  const SortedColumn& column = measures_[model].column(query.measure, line);
  const SortedColumn::Slice slice = SliceOf(query.range, column);
  const ListingQuery wanted{query.order, std::max<std::int64_t>(query.offset, 0),
                            PageSize(query.page_size)};
  Scratch<RowSet> passing;
  if (!query.filter.empty()) {
    PECULIAR_RETURN_IF_ERROR(filter_columns_.Select(query.filter, *passing));
  }
  Listing listing = query.filter.empty() ? ListAll(column, slice, wanted)
                                         : ListPassing(column, slice, *passing, wanted);
  return AnomalyRows{model, query.measure, line, std::move(listing.rows), listing.total_count};
}

absl::StatusOr<AnomalyPage> QueryEngine::ListAnomalies(const AnomalyQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const AnomalyRows found, RankAnomalies(query));
  AnomalyPage page;
  page.model = &catalog().models[found.model];
  page.total_count = found.total_count;
  page.anomalies.reserve(found.rows.size());
  for (const std::uint32_t row : found.rows) {
    page.anomalies.push_back({Galaxy(row), Score(found.model, row, found.measure, found.line),
                              TopLine(found.model, row)});
  }
  return page;
}

absl::StatusOr<std::size_t> QueryEngine::ResolveSpace(std::size_t model,
                                                      std::string_view space) const {
  if (const auto found = snapshot_->FindSpace(model, space.empty() ? kEmbeddingSpace : space)) {
    return *found;
  }
  std::vector<std::string_view> known;
  for (const CatalogSpace& each : snapshot_->spaces(model)) known.push_back(each.name);
  return InvalidArgument("UNKNOWN_SPACE: no space {}; the spaces of {} are: {}", Quoted(space),
                         catalog().models[model].name, fmt::join(known, ", "));
}

NeighborRows QueryEngine::StoredNeighbors(std::size_t model, std::size_t space, std::size_t row,
                                          int count) const {
  const auto first = [&](std::size_t in_space) {
    const std::span<const Neighbor> stored = snapshot_->neighbors(model, in_space, row);
    return stored.first(std::min(static_cast<std::size_t>(count), stored.size()));
  };
  NeighborRows found{model, space, row, FoundNeighbors(first(space)), {}};
  const std::vector<CatalogSpace>& spaces = snapshot_->spaces(model);
  for (std::size_t other = 0; other < spaces.size(); ++other) {
    if (other != space) found.elsewhere.push_back({spaces[other].name, first(other)});
  }
  return found;
}

absl::StatusOr<NeighborList> QueryEngine::Nearest(const NeighborQuery& query, int count,
                                                  const NeighborRows& from) const {
  const VectorIndex& index = snapshot_->index(from.model, from.space);
  if (from.row) return index.SearchRow(*from.row, count);
  PECULIAR_ASSIGN_OR_RETURN(auto lists,
                            index.Search({query.vector.data(), 1, query.vector.size()}, count));
  return std::move(lists[0]);
}

absl::StatusOr<NeighborList> QueryEngine::NearestPassing(const NeighborQuery& query, int count,
                                                         const NeighborRows& from) const {
  if (query.exclude_repeats && !from.row) {
    return InvalidArgument("BAD_FILTER: exclude_repeats needs a galaxy, a vector has no repeats");
  }
  const VectorIndex& index = snapshot_->index(from.model, from.space);
  Scratch<RowSet> passing;
  PECULIAR_RETURN_IF_ERROR(filter_columns_.Select(query.filter, *passing));
  PECULIAR_RETURN_IF_ERROR(KeepScored(query.score, from.model, *passing));
  if (!from.row) return index.SearchAmong(query.vector, count, *passing);
  passing->Remove(*from.row);
  if (query.exclude_repeats) {
    for (const std::uint32_t repeat : directory_.RowsOfSameMangaId(*from.row)) {
      passing->Remove(repeat);
    }
  }
  // Those of the stored neighbours that pass are the first of all that pass: often enough of them.
  const auto stored = snapshot_->neighbors(from.model, from.space, *from.row);
  NeighborList nearest;
  for (const Neighbor& neighbor : stored) {
    if (!passing->Has(neighbor.row)) continue;
    nearest.push_back(neighbor);
    if (std::ssize(nearest) == count) return nearest;
  }
  if (stored.size() + 1 == index.size()) return nearest;
  return index.SearchAmong(index.vectors().row(*from.row), count, *passing);
}

absl::StatusOr<NeighborRows> QueryEngine::RankNeighbors(const NeighborQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t space, ResolveSpace(model, query.space));
  std::optional<std::size_t> row;
  if (query.vector.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(row, ResolveGalaxy(query.galaxy_id));
  } else {
    PECULIAR_RETURN_IF_ERROR(CheckVector(query, snapshot_->index(model, space).dim()));
  }
  PECULIAR_ASSIGN_OR_RETURN(const int count, NeighborCount(query.neighbor_count));
  NeighborRows found = row ? StoredNeighbors(model, space, *row, count)
                           : NeighborRows{.model = model, .space = space};
  const std::size_t others = snapshot_->index(model, space).size() - 1;
  const std::size_t wanted = std::min(static_cast<std::size_t>(count), others);
  if (query.of_all() && row && found.nearest.size() == wanted) return found;
  PECULIAR_ASSIGN_OR_RETURN(NeighborList nearest, query.of_all()
                                                      ? Nearest(query, count, found)
                                                      : NearestPassing(query, count, found));
  found.nearest = FoundNeighbors(std::move(nearest));
  return found;
}

absl::StatusOr<NeighborAnswer> QueryEngine::FindNeighbors(const NeighborQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const NeighborRows found, RankNeighbors(query));
  NeighborAnswer answer;
  answer.model = &catalog().models[found.model];
  if (found.row) answer.plateifu = catalog().galaxies[*found.row].plateifu;
  answer.space = snapshot_->spaces(found.model)[found.space].name;
  answer.neighbors.reserve(found.nearest.size());
  for (const auto& [row, distance] : found.nearest) {
    NeighborEntry& entry = answer.neighbors.emplace_back();
    entry = {Galaxy(row), distance, Score(found.model, row, Measure::kMae), {}};
    for (const FirstNeighbors& first : found.elsewhere) {
      if (first.Has(row)) entry.also_in.push_back(first.space);
    }
  }
  return answer;
}

absl::StatusOr<EmbeddingAnswer> QueryEngine::GetEmbedding(std::string_view galaxy_id,
                                                          std::string_view model_name,
                                                          std::string_view space_name) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(model_name));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t space, ResolveSpace(model, space_name));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, ResolveGalaxy(galaxy_id));
  return Embedding(model, space, row);
}

EmbeddingAnswer QueryEngine::Embedding(std::size_t model, std::size_t space,
                                       std::size_t row) const {
  return {&catalog().models[model], snapshot_->spaces(model)[space].name,
          catalog().galaxies[row].plateifu, snapshot_->coordinates(model, space).row(row)};
}

absl::StatusOr<RepeatPage> QueryEngine::ListRepeats(const RepeatQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  PECULIAR_RETURN_IF_ERROR(CheckPageSize(query.page_size));
  RepeatPage page;
  page.model = &catalog().models[model];
  page.spaces = &snapshot_->spaces(model);
  page.total_count = std::ssize(catalog().repeats);
  const auto [begin, end] = ResolvePage({query.offset, query.page_size}, page.total_count);
  for (std::int64_t i = begin; i < end; ++i) {
    const CatalogRepeatPair& pair = catalog().repeats[static_cast<std::size_t>(i)];
    page.pairs.push_back(
        {&catalog().galaxies[pair.first], &catalog().galaxies[pair.second], &pair.models[model]});
  }
  return page;
}

absl::StatusOr<GalaxyAnswer> QueryEngine::GetGalaxy(std::string_view galaxy_id,
                                                    std::string_view model_name) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t only, ResolveModel(model_name));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, ResolveGalaxy(galaxy_id));
  GalaxyAnswer answer{Galaxy(row), {}};
  for (std::size_t model = 0; model < catalog().models.size(); ++model) {
    if (!model_name.empty() && model != only) continue;
    ModelScoresEntry entry{&catalog().models[model],
                           {},
                           LineShares(model, row),
                           {},
                           snapshot_->spaxel_maps(model).row(row)};
    for (const Measure measure : kScoreMeasures) entry.scores.push_back(Score(model, row, measure));
    if (HasRelevance(model)) entry.scores.push_back(Score(model, row, Measure::kRelevance));
    for (std::size_t i = 0; i < populations_.size(); ++i) {
      if (!populations_[i].rows.Has(row)) continue;
      entry.populations.push_back(Percentiles(model, i, row));
    }
    answer.model_scores.push_back(std::move(entry));
  }
  return answer;
}

absl::StatusOr<DistributionAnswer> QueryEngine::GetDistribution(
    const DistributionQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t line, ResolveLine(model, query.measure, query.line));
  PECULIAR_ASSIGN_OR_RETURN(const int bins, BinCount(query.bin_count));
  Scratch<RowSet> passing;
  PECULIAR_RETURN_IF_ERROR(filter_columns_.Select(query.filter, *passing));
  PECULIAR_RETURN_IF_ERROR(KeepScored(query.score, model, *passing));
  const SortedColumn& column = measures_[model].column(query.measure, line);
  DistributionAnswer answer;
  answer.model = &catalog().models[model];
  if (IsOfLine(query.measure)) answer.line = &catalog().lines[line];
  {
    ScratchPlaces places;
    column.PlacesOf(*passing, passing->Count(), *places);
    answer.edges = BinEdges(RangeOf(column, *places, query.scale), bins, query.scale);
  }
  for (const Population& population : populations_) {
    if (population.group != query.group) continue;
    Distribution distribution = DistributionOf(population, column, *passing, answer.edges);
    if (distribution.members > 0) answer.populations.push_back(std::move(distribution));
  }
  return answer;
}

PopulationEntry QueryEngine::Percentiles(std::size_t model, std::size_t population,
                                         std::size_t row) const {
  PopulationEntry entry{&populations_[population], {}};
  constexpr std::size_t kCount = std::size(kScoreMeasures);
  const MemberRanks* ranks = &member_ranks_[(model * populations_.size() + population) * kCount];
  for (std::size_t i = 0; i < kCount; ++i) entry.percentiles[i] = ranks[i].Percentile(row);
  return entry;
}

bool QueryEngine::HasRelevance(std::size_t model) const {
  return !catalog().models[model].relevance_json.empty();
}

absl::StatusOr<std::size_t> QueryEngine::ResolveLine(std::size_t model, Measure measure,
                                                     std::string_view line) const {
  if (measure == Measure::kRelevance && !HasRelevance(model)) {
    return FailedPrecondition(
        "NO_RELEVANCE: nothing was learned from labels for model {}: run peculiar-worker feedback, "
        "then publish",
        catalog().models[model].name);
  }
  if (!IsOfLine(measure)) {
    if (line.empty()) return 0;
    return InvalidArgument("UNKNOWN_LINE: {} is not of a line, but line is {}",
                           MeasureName(measure), Quoted(line));
  }
  std::string known;
  for (std::size_t i = 0; i < catalog().lines.size(); ++i) {
    if (catalog().lines[i].name == line) return i;
    known += (i == 0 ? "" : ", ") + catalog().lines[i].name;
  }
  return InvalidArgument("UNKNOWN_LINE: no line {}; the lines are: {}", Quoted(line), known);
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
  return {&catalog().galaxies[row], directory_.Repeats(row, kMaxRepeats), tags_[row]};
}

ScoreEntry QueryEngine::Score(std::size_t model, std::size_t row, Measure measure,
                              std::size_t line) const {
  const SortedColumn& column = measures_[model].column(measure, line);
  ScoreEntry entry;
  entry.measure = measure;
  if (IsOfLine(measure)) entry.line = &catalog().lines[line];
  entry.value = column.value(row);
  if (!entry.value) return entry;
  entry.rank = column.rank(row);
  entry.percentile = column.percentile(row);
  return entry;
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
  const std::optional<TopLines::TopLine> top = top_lines_[model].of(row);
  if (!top) return std::nullopt;
  return LineShareEntry{&catalog().lines[top->line], top->value};
}

}  // namespace peculiar
