#include "client/distribution.h"

#include "client/galaxy_columns.h"

namespace peculiar::client {
namespace {

// "min", "p05", ..., "median", ..., "max".
std::string QuantileName(double share) {
  if (share == 0) return "min";
  if (share == 0.5) return "median";
  if (share == 1) return "max";
  return fmt::format("p{:02}", static_cast<int>(100 * share + 0.5));
}

std::vector<Column> Columns(const v1::GetDistributionResponse& response) {
  std::vector<Column> columns{{.name = "population"},
                              {.name = "galaxies", .type = CellType::kInteger},
                              {.name = "ranked", .type = CellType::kInteger}};
  for (const double share : response.quantile_shares()) {
    columns.push_back(ScoreColumn(QuantileName(share), response.score_kind()));
  }
  columns.push_back(PercentileColumn("median_percentile"));
  columns.push_back({.name = "bin_counts", .type = CellType::kVector, .in_table = false});
  return columns;
}

std::vector<OrderedJson> Cells(const v1::PopulationDistribution& population, int quantile_count) {
  std::vector<OrderedJson> cells{population.population(), population.galaxy_count(),
                                 population.ranked_count()};
  for (int i = 0; i < quantile_count; ++i) {
    const bool is_known = i < population.quantiles_size();
    cells.push_back(is_known ? OrderedJson(population.quantiles(i)) : nullptr);
  }
  cells.push_back(OptionalCell(population.has_median_percentile(), population.median_percentile()));
  cells.push_back(std::vector<int>(population.bin_counts().begin(), population.bin_counts().end()));
  return cells;
}

}  // namespace

absl::StatusOr<Answer> AskDistribution(Connection& connection, const DistributionOptions& options) {
  v1::GetDistributionRequest request;
  request.set_model(options.model);
  PECULIAR_ASSIGN_OR_RETURN(const v1::ScoreKind kind, KindOf(options.score));
  request.set_score_kind(kind);
  request.set_line(options.score.line);
  request.set_group(ParsePopulationGroup(options.by));
  request.set_bin_count(options.bin_count);
  request.set_logarithmic(options.logarithmic);
  PECULIAR_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter));
  PECULIAR_ASSIGN_OR_RETURN(const auto range, ToProto(options.score, options.range));
  if (range) *request.mutable_score_range() = *range;
  request.set_snapshot_id(options.snapshot_id);
  PECULIAR_ASSIGN_OR_RETURN(const v1::GetDistributionResponse response,
                            connection.GetDistribution(request));
  Listing listing{.name = "populations"};
  listing.provenance = {{"snapshot_id", response.snapshot_id()},
                        {"model", response.model()},
                        {"score_kind", ScoreKindName(response.score_kind())},
                        {"line", response.line()},
                        {"group", options.by}};
  listing.provenance["bin_edges"] =
      std::vector<double>(response.bin_edges().begin(), response.bin_edges().end());
  listing.table.columns = Columns(response);
  for (const v1::PopulationDistribution& population : response.populations()) {
    listing.table.rows.push_back(Cells(population, response.quantile_shares_size()));
  }
  listing.notes = {fmt::format(
      "score {}, by {}; snapshot {}, model {}; median_percentile: of the population's galaxies "
      "among all; {}",
      Describe(options.score), options.by, response.snapshot_id(), response.model(), kFluxNote)};
  return listing;
}

void AddDistributionCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<DistributionOptions>();
  CLI::App& command = AddCommand(
      app, "distribution", "How a score is distributed over populations of galaxies", chosen,
      [options](Connection& connection) { return AskDistribution(connection, *options); });
  command.add_option("--by", options->by, "Populations: all, agn_class, fibres, redshift or tag")
      ->check(CLI::IsMember({"all", "agn_class", "fibres", "redshift", "tag"}))
      ->type_name("GROUP")
      ->capture_default_str();
  AddModelOption(command, options->model);
  AddScoreOptions(command, options->score);
  command.add_option("--bins", options->bin_count, "Bins of the histograms, 1 to 1000")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--log", options->logarithmic, "Bins of equal width in the logarithm");
  AddFilterOptions(command, options->filter);
  AddRangeOptions(command, options->range);
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
