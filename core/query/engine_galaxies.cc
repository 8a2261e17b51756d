// The engine's listing of galaxies by name.
#include <span>

#include "core/query/engine.h"

namespace peculiar {

absl::StatusOr<GalaxySelection> QueryEngine::SelectGalaxies(const GalaxyQuery& query) const {
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, ResolveModel(query.model));
  const MeasureColumn* column = nullptr;
  if (query.score) {
    PECULIAR_ASSIGN_OR_RETURN(const std::size_t line,
                              ResolveLine(model, query.score->measure, query.score->line));
    PECULIAR_RETURN_IF_ERROR(CheckRange(query.score->range));
    column = &measures_[model].column(query.score->measure, line);
  } else if (query.filter.empty()) {
    return GalaxySelection(model, catalog().galaxies.size());
  }
  PECULIAR_ASSIGN_OR_RETURN(const auto mask, SelectRows(query.filter, catalog(), directory_));
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < mask.size(); ++row) {
    if (mask[row] == 0) continue;
    if (column != nullptr && !(column->value(row) && IsWithin(query.score->range, *column, row))) {
      continue;
    }
    rows.push_back(row);
  }
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
