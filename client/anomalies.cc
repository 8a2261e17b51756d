#include "client/anomalies.h"

#include "client/galaxy_columns.h"
#include "client/pages.h"

namespace peculiar::client {
namespace {

std::vector<Column> Columns(v1::ScoreKind kind) {
  std::vector<Column> columns{
      {.name = "rank", .type = CellType::kInteger, .description = "1 = the highest score"}};
  AppendIdColumns(columns);
  columns.push_back(ScoreColumn("score", kind));
  columns.push_back(PercentileColumn("percentile"));
  columns.push_back({.name = "top_line", .description = "line with the largest part of mae"});
  columns.push_back({.name = "top_line_mae",
                     .type = CellType::kReal,
                     .unit = "flux",
                     .description = "its part of mae"});
  AppendDetailColumns(columns);
  return columns;
}

std::vector<OrderedJson> Cells(const v1::Anomaly& anomaly) {
  const v1::Score& score = anomaly.score();
  const v1::LineShare& top = anomaly.top_line();
  std::vector<OrderedJson> cells{OptionalCell(score.has_rank(), score.rank())};
  AppendIdCells(anomaly.galaxy(), cells);
  cells.push_back(OptionalCell(score.has_value(), score.value()));
  cells.push_back(OptionalCell(score.has_percentile(), score.percentile()));
  cells.push_back(OptionalCell(anomaly.has_top_line(), top.line()));
  cells.push_back(OptionalCell(top.has_value(), top.value()));
  AppendDetailCells(anomaly.galaxy(), cells);
  return cells;
}

// The first `limit` anomalies, in one response.
absl::StatusOr<v1::ListAnomaliesResponse> Ask(Connection& connection,
                                              const v1::ListAnomaliesRequest& request, int limit) {
  return AllPages(
      request, limit, [&](const auto& page) { return connection.ListAnomalies(page); },
      [](auto& response) { return response.mutable_anomalies(); });
}

absl::StatusOr<v1::ListAnomaliesRequest> ToRequest(const AnomaliesOptions& options) {
  v1::ListAnomaliesRequest request;
  request.set_model(options.model);
  PECULIAR_ASSIGN_OR_RETURN(const v1::ScoreKind kind, KindOf(options.score));
  request.set_score_kind(kind);
  request.set_line(options.score.line);
  request.set_sort_order(options.ascending ? v1::SORT_ORDER_ASCENDING : v1::SORT_ORDER_DESCENDING);
  PECULIAR_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter));
  if (options.min_score) request.set_min_score(*options.min_score);
  if (options.max_score) request.set_max_score(*options.max_score);
  if (options.min_percentile) request.set_min_percentile(*options.min_percentile);
  if (options.max_percentile) request.set_max_percentile(*options.max_percentile);
  request.set_snapshot_id(options.snapshot_id);
  return request;
}

// Of the score and its percentile.
void AddRangeOptions(CLI::App& command, AnomaliesOptions& options) {
  const auto add = [&](const std::string& flag, std::optional<double>& target,
                       const std::string& text, const std::string& type) {
    command.add_option(flag, target, text)->type_name(type)->group("Only galaxies");
  };
  add("--min-score", options.min_score, "with this score or a higher one", "X");
  add("--max-score", options.max_score, "with this score or a lower one", "X");
  add("--min-percentile", options.min_percentile, "with this percentile or a higher one", "0..100");
  add("--max-percentile", options.max_percentile, "with this percentile or a lower one", "0..100");
}

}  // namespace

absl::StatusOr<Answer> AskAnomalies(Connection& connection, const AnomaliesOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const v1::ListAnomaliesRequest request, ToRequest(options));
  PECULIAR_ASSIGN_OR_RETURN(const v1::ListAnomaliesResponse response,
                            Ask(connection, request, options.limit));
  Listing listing{.name = "anomalies"};
  listing.provenance = {{"snapshot_id", response.snapshot_id()},
                        {"model", response.model()},
                        {"score_kind", ScoreKindName(request.score_kind())}};
  if (!request.line().empty()) listing.provenance["line"] = request.line();
  listing.totals = {{"total_count", response.total_count()}};
  listing.table.columns = Columns(request.score_kind());
  for (const v1::Anomaly& anomaly : response.anomalies()) {
    listing.table.rows.push_back(Cells(anomaly));
  }
  listing.notes = {fmt::format("{} of {} ranked galaxies; snapshot {}, model {}, score {}; {}",
                               response.anomalies_size(), response.total_count(),
                               response.snapshot_id(), response.model(), Describe(options.score),
                               kFluxNote)};
  return listing;
}

void AddAnomaliesCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<AnomaliesOptions>();
  CLI::App& command = AddCommand(
      app, "anomalies", "The galaxies that a model reconstructs worst, strangest first", chosen,
      [options](Connection& connection) { return AskAnomalies(connection, *options); });
  AddModelOption(command, options->model);
  AddScoreOptions(command, options->score);
  command.add_flag("--ascending", options->ascending, "Least strange first");
  command.add_option("--limit", options->limit, "How many; 0 = all")
      ->check(CLI::Range(0, 1000000000))
      ->type_name("N")
      ->capture_default_str();
  AddFilterOptions(command, options->filter);
  AddRangeOptions(command, *options);
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
