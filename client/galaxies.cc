#include "client/galaxies.h"

#include <algorithm>

#include "client/galaxy_columns.h"
#include "client/pages.h"

namespace peculiar::client {

std::vector<v1::ScoreKind> ScoreKindsOf(const v1::ScoredGalaxy& galaxy) {
  std::vector<v1::ScoreKind> kinds;
  for (const v1::Score& score : galaxy.scores()) kinds.push_back(score.kind());
  if (kinds.empty()) {
    kinds = {v1::SCORE_KIND_MAE, v1::SCORE_KIND_CHI, v1::SCORE_KIND_RELATIVE};
  }
  return kinds;
}

std::vector<Column> ScoredColumns(const std::vector<v1::ScoreKind>& kinds) {
  std::vector<Column> columns;
  AppendIdColumns(columns);
  for (const v1::ScoreKind kind : kinds) {
    const std::string name = ScoreKindName(kind);
    columns.push_back(ScoreColumn(name, kind));
    columns.push_back({.name = name + "_rank", .type = CellType::kInteger});
    columns.push_back(PercentileColumn(name + "_percentile"));
  }
  AppendTopLineColumns(columns);
  AppendDetailColumns(columns);
  columns.push_back({.name = "stellar_mass_msun",
                     .type = CellType::kReal,
                     .unit = "solMass",
                     .ucd = "phys.mass",
                     .description = "of the stars, times h^2"});
  columns.push_back({.name = "half_light_radius_arcsec",
                     .type = CellType::kReal,
                     .unit = "arcsec",
                     .ucd = "phys.angSize",
                     .description = "in r"});
  columns.push_back({.name = "sersic_index", .type = CellType::kReal});
  return columns;
}

std::vector<OrderedJson> ScoredCells(const v1::ScoredGalaxy& scored,
                                     const std::vector<v1::ScoreKind>& kinds) {
  const v1::Galaxy& galaxy = scored.galaxy();
  std::vector<OrderedJson> cells;
  AppendIdCells(galaxy, cells);
  for (const v1::ScoreKind kind : kinds) {
    const auto found =
        std::find_if(scored.scores().begin(), scored.scores().end(),
                     [kind](const v1::Score& score) { return score.kind() == kind; });
    const v1::Score none;
    const v1::Score& score = found == scored.scores().end() ? none : *found;
    cells.push_back(OptionalCell(score.has_value(), score.value()));
    cells.push_back(OptionalCell(score.has_rank(), score.rank()));
    cells.push_back(OptionalCell(score.has_percentile(), score.percentile()));
  }
  AppendTopLineCells(scored.has_top_line(), scored.top_line(), cells);
  AppendDetailCells(galaxy, cells);
  cells.push_back(OptionalCell(galaxy.has_stellar_mass_msun(), galaxy.stellar_mass_msun()));
  cells.push_back(
      OptionalCell(galaxy.has_half_light_radius_arcsec(), galaxy.half_light_radius_arcsec()));
  cells.push_back(OptionalCell(galaxy.has_sersic_index(), galaxy.sersic_index()));
  return cells;
}

absl::StatusOr<Answer> AskList(Connection& connection, const ListOptions& options) {
  v1::ListGalaxiesRequest request;
  request.set_model(options.model);
  PECULIAR_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter));
  PECULIAR_ASSIGN_OR_RETURN(const auto range, ToProto(options.score, options.range));
  if (range) *request.mutable_score_range() = *range;
  request.set_snapshot_id(options.snapshot_id);
  PECULIAR_ASSIGN_OR_RETURN(
      const v1::ListGalaxiesResponse response,
      AllPages(
          request, options.limit, [&](const auto& page) { return connection.ListGalaxies(page); },
          [](auto& page) { return page.mutable_galaxies(); }));
  Listing listing{.name = "galaxies"};
  listing.provenance = {{"snapshot_id", response.snapshot_id()}, {"model", response.model()}};
  listing.totals = {{"total_count", response.total_count()}};
  const auto kinds =
      ScoreKindsOf(response.galaxies().empty() ? v1::ScoredGalaxy() : response.galaxies(0));
  listing.table.columns = ScoredColumns(kinds);
  for (const v1::ScoredGalaxy& galaxy : response.galaxies()) {
    listing.table.rows.push_back(ScoredCells(galaxy, kinds));
  }
  listing.notes = {fmt::format("{} of {} galaxies; snapshot {}, model {}; {}",
                               response.galaxies_size(), response.total_count(),
                               response.snapshot_id(), response.model(), kFluxNote)};
  return listing;
}

void AddListCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<ListOptions>();
  CLI::App& command =
      AddCommand(app, "list", "Galaxies by plate-IFU, with all scores of a model", chosen,
                 [options](Connection& connection) { return AskList(connection, *options); });
  AddModelOption(command, options->model);
  command.add_option("--limit", options->limit, "How many; 0 = all")
      ->check(CLI::Range(0, 1000000000))
      ->type_name("N")
      ->capture_default_str();
  AddFilterOptions(command, options->filter);
  AddScoreOptions(command, options->score);
  AddRangeOptions(command, options->range);
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
