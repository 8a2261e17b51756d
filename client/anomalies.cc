#include "client/anomalies.h"

#include <algorithm>
#include <unordered_map>

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
  return columns;
}

std::vector<OrderedJson> Cells(const v1::Anomaly& anomaly) {
  const v1::Score& score = anomaly.score();
  std::vector<OrderedJson> cells{OptionalCell(score.has_rank(), score.rank())};
  AppendIdCells(anomaly.galaxy(), cells);
  cells.push_back(OptionalCell(score.has_value(), score.value()));
  cells.push_back(OptionalCell(score.has_percentile(), score.percentile()));
  return cells;
}

// The first `limit` anomalies, in one response.
absl::StatusOr<v1::ListAnomaliesResponse> Ask(Connection& connection,
                                              const v1::ListAnomaliesRequest& request, int limit) {
  return AllPages(
      request, limit, [&](const auto& page) { return connection.ListAnomalies(page); },
      [](auto& response) { return response.mutable_anomalies(); });
}

// Puts another model's score, rank and percentile beside those of the listed galaxies; null where
// it does not rank one. Asked for by name: a call a page, whatever the filter.
absl::Status AppendModel(Connection& connection, v1::ListAnomaliesRequest request,
                         const v1::ListAnomaliesResponse& listed, const std::string& model,
                         Table& table) {
  request.set_model(model);
  request.set_snapshot_id(listed.snapshot_id());
  for (const auto clear :
       {&v1::ListAnomaliesRequest::clear_min_score, &v1::ListAnomaliesRequest::clear_max_score,
        &v1::ListAnomaliesRequest::clear_min_percentile,
        &v1::ListAnomaliesRequest::clear_max_percentile}) {
    (request.*clear)();
  }
  std::unordered_map<std::string, v1::Score> scores;
  for (int begin = 0; begin < listed.anomalies_size(); begin += kLargestPage) {
    v1::GalaxyFilter& filter = *request.mutable_filter();
    filter.Clear();
    for (int i = begin; i < std::min(begin + kLargestPage, listed.anomalies_size()); ++i) {
      filter.add_galaxy_ids(listed.anomalies(i).galaxy().plateifu());
    }
    PECULIAR_ASSIGN_OR_RETURN(const v1::ListAnomaliesResponse other,
                              Ask(connection, request, /*limit=*/0));
    for (const v1::Anomaly& anomaly : other.anomalies()) {
      scores[anomaly.galaxy().plateifu()] = anomaly.score();
    }
  }
  table.columns.push_back(ScoreColumn(model + "_score", request.score_kind()));
  table.columns.push_back({.name = model + "_rank", .type = CellType::kInteger});
  table.columns.push_back(PercentileColumn(model + "_percentile"));
  for (int i = 0; i < listed.anomalies_size(); ++i) {
    const v1::Score& score = scores[listed.anomalies(i).galaxy().plateifu()];
    auto& row = table.rows[static_cast<std::size_t>(i)];
    row.push_back(OptionalCell(score.has_value(), score.value()));
    row.push_back(OptionalCell(score.has_rank(), score.rank()));
    row.push_back(OptionalCell(score.has_percentile(), score.percentile()));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ListAnomaliesRequest> ToRequest(const AnomaliesOptions& options) {
  v1::ListAnomaliesRequest request;
  request.set_model(options.model);
  PECULIAR_ASSIGN_OR_RETURN(const v1::ScoreKind kind, KindOf(options.score));
  request.set_score_kind(kind);
  request.set_line(options.score.line);
  request.set_sort_order(options.ascending ? v1::SORT_ORDER_ASCENDING : v1::SORT_ORDER_DESCENDING);
  PECULIAR_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter));
  SetRange(options.range, request);
  request.set_snapshot_id(options.snapshot_id);
  return request;
}

// A model whose scores would stand there twice. `model`: whose scores are listed, empty = unknown.
absl::Status CheckCompared(const std::vector<std::string>& compared, const std::string& model) {
  for (auto name = compared.begin(); name != compared.end(); ++name) {
    if (*name == model) return InvalidArgument("--compare: {} is the model of the list", *name);
    if (std::find(compared.begin(), name, *name) != name) {
      return InvalidArgument("--compare: {} is there twice", *name);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Answer> AskAnomalies(Connection& connection, const AnomaliesOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const v1::ListAnomaliesRequest request, ToRequest(options));
  PECULIAR_RETURN_IF_ERROR(CheckCompared(options.compare, options.model));
  PECULIAR_ASSIGN_OR_RETURN(const v1::ListAnomaliesResponse response,
                            Ask(connection, request, options.limit));
  PECULIAR_RETURN_IF_ERROR(CheckCompared(options.compare, response.model()));
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
  for (const std::string& model : options.compare) {
    PECULIAR_RETURN_IF_ERROR(AppendModel(connection, request, response, model, listing.table));
  }
  AppendTopLineColumns(listing.table.columns);
  AppendDetailColumns(listing.table.columns);
  for (int i = 0; i < response.anomalies_size(); ++i) {
    const v1::Anomaly& anomaly = response.anomalies(i);
    auto& row = listing.table.rows[static_cast<std::size_t>(i)];
    AppendTopLineCells(anomaly.has_top_line(), anomaly.top_line(), row);
    AppendDetailCells(anomaly.galaxy(), row);
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
  command
      .add_option("--compare", options->compare,
                  "Models whose score, rank and percentile stand beside, for example vae")
      ->type_name("MODEL")
      ->delimiter(',')
      ->check(RefuseEmpty);
  command.add_flag("--ascending", options->ascending, "Least strange first");
  command.add_option("--limit", options->limit, "How many; 0 = all")
      ->check(CLI::Range(0, 1000000000))
      ->type_name("N")
      ->capture_default_str();
  AddFilterOptions(command, options->filter);
  AddRangeOptions(command, options->range);
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
