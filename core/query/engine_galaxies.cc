// The engine's listing of galaxies by name.
#include "core/query/engine.h"
#include "core/query/listing.h"
#include "core/query/scratch.h"

namespace peculiar {

absl::Status QueryEngine::KeepScored(const std::optional<ScoreCondition>& condition,
                                     std::size_t model, RowSet& rows) const {
  if (!condition) return absl::OkStatus();
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t line,
                            ResolveLine(model, condition->measure, condition->line));
  PECULIAR_RETURN_IF_ERROR(CheckRange(condition->range));
  const SortedColumn& column = measures_[model].column(condition->measure, line);
  column.Keep(SliceOf(condition->range, column), rows);
  return absl::OkStatus();
}

absl::Status QueryEngine::Select(const GalaxyQuery& query, std::size_t model, RowSet& rows) const {
  PECULIAR_RETURN_IF_ERROR(filter_columns_.Select(query.filter, rows));
  return KeepScored(query.score, model, rows);
}

absl::StatusOr<GalaxySelection> QueryEngine::SelectGalaxies(const GalaxyQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  if (query.empty()) return GalaxySelection(model, catalog().galaxies.size());
  Scratch<RowSet> passing;
  PECULIAR_RETURN_IF_ERROR(Select(query, model, *passing));
  std::vector<std::uint32_t> rows;
  rows.reserve(passing->Count());
  passing->ForEach([&](std::size_t row) { rows.push_back(static_cast<std::uint32_t>(row)); });
  return GalaxySelection(model, std::move(rows));
}

absl::StatusOr<GalaxyPage> QueryEngine::ListGalaxies(const GalaxyQuery& query,
                                                     const PageQuery& page_query) const {
  PECULIAR_RETURN_IF_ERROR(CheckPageSize(page_query.page_size));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  GalaxyPage page;
  page.model = &catalog().models[model];
  Scratch<RowSet> passing;
  if (query.empty()) {
    page.total_count = static_cast<std::int64_t>(catalog().galaxies.size());
  } else {
    PECULIAR_RETURN_IF_ERROR(Select(query, model, *passing));
    page.total_count = static_cast<std::int64_t>(passing->Count());
  }
  const auto [begin, end] = ResolvePage(page_query, page.total_count);
  page.galaxies.reserve(static_cast<std::size_t>(end - begin));
  if (query.empty()) {
    for (std::int64_t row = begin; row < end; ++row) {
      page.galaxies.push_back(ScoredGalaxy(model, static_cast<std::size_t>(row)));
    }
    return page;
  }
  std::int64_t place = 0;
  passing->ForEach([&, begin = begin, end = end](std::size_t row) {
    if (place >= begin && place < end) page.galaxies.push_back(ScoredGalaxy(model, row));
    ++place;
  });
  return page;
}

ScoredGalaxyEntry QueryEngine::ScoredGalaxy(std::size_t model, std::size_t row) const {
  ScoredGalaxyEntry entry{Galaxy(row), {}, TopLine(model, row)};
  for (const Measure measure : kScoreMeasures) entry.scores.push_back(Score(model, row, measure));
  if (HasRelevance(model)) entry.scores.push_back(Score(model, row, Measure::kRelevance));
  return entry;
}

}  // namespace peculiar
