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
  const MeasureColumn& column = measures_[model].column(condition->measure, line);
  column.Keep(SliceOf(condition->range, column), rows);
  return absl::OkStatus();
}

absl::StatusOr<GalaxySelection> QueryEngine::SelectGalaxies(const GalaxyQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  if (query.filter.empty() && !query.score) {
    return GalaxySelection(model, catalog().galaxies.size());
  }
  Scratch<RowSet> passing;
  PECULIAR_RETURN_IF_ERROR(filter_columns_.Select(query.filter, *passing));
  PECULIAR_RETURN_IF_ERROR(KeepScored(query.score, model, *passing));
  std::vector<std::uint32_t> rows;
  rows.reserve(passing->Count());
  passing->ForEach([&](std::size_t row) { rows.push_back(static_cast<std::uint32_t>(row)); });
  return GalaxySelection(model, std::move(rows));
}

absl::StatusOr<GalaxyPage> QueryEngine::ListGalaxies(const GalaxyQuery& query,
                                                     const PageQuery& page_query) const {
  PECULIAR_RETURN_IF_ERROR(CheckPageSize(page_query.page_size));
  PECULIAR_ASSIGN_OR_RETURN(const GalaxySelection selection, SelectGalaxies(query));
  GalaxyPage page;
  page.model = &catalog().models[selection.model()];
  page.total_count = static_cast<std::int64_t>(selection.size());
  const auto [begin, end] = ResolvePage(page_query, page.total_count);
  page.galaxies.reserve(static_cast<std::size_t>(end - begin));
  for (std::int64_t i = begin; i < end; ++i) {
    page.galaxies.push_back(ScoredGalaxy(selection, static_cast<std::size_t>(i)));
  }
  return page;
}

ScoredGalaxyEntry QueryEngine::ScoredGalaxy(const GalaxySelection& selection, std::size_t i) const {
  const std::size_t model = selection.model();
  const std::size_t row = selection.row(i);
  ScoredGalaxyEntry entry{Galaxy(row), {}, TopLine(model, row)};
  for (const Measure measure : kScoreMeasures) entry.scores.push_back(Score(model, row, measure));
  if (HasRelevance(model)) entry.scores.push_back(Score(model, row, Measure::kRelevance));
  return entry;
}

}  // namespace peculiar
