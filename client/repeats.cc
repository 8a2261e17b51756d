#include "client/repeats.h"

#include <algorithm>

#include "client/galaxy_columns.h"
#include "client/pages.h"

namespace peculiar::client {
namespace {

std::vector<Column> Columns(const v1::ListRepeatsResponse& response) {
  std::vector<Column> columns{{.name = "mangaid", .ucd = "meta.id;meta.main"},
                              {.name = "first", .ucd = "meta.id"},
                              {.name = "second", .ucd = "meta.id"}};
  for (const std::string& space : response.spaces()) {
    columns.push_back(PercentileColumn(space + "_percentile"));
    columns.push_back({.name = space + "_rank_from_first", .type = CellType::kInteger});
    columns.push_back({.name = space + "_rank_from_second", .type = CellType::kInteger});
    columns.push_back({.name = space + "_distance", .type = CellType::kReal});
  }
  for (const auto kind : {v1::SCORE_KIND_MAE, v1::SCORE_KIND_CHI, v1::SCORE_KIND_RELATIVE}) {
    columns.push_back({.name = ScoreKindName(kind) + "_difference",
                       .type = CellType::kReal,
                       .unit = ScoreUnit(kind),
                       .description = "second less first"});
  }
  return columns;
}

std::vector<OrderedJson> Cells(const v1::RepeatPair& pair) {
  std::vector<OrderedJson> cells{pair.mangaid(), pair.first_plateifu(), pair.second_plateifu()};
  for (const v1::RepeatPlace& place : pair.places()) {
    cells.push_back(OptionalCell(place.has_percentile(), place.percentile()));
    cells.push_back(place.rank_from_first());
    cells.push_back(place.rank_from_second());
    cells.push_back(place.distance());
  }
  cells.push_back(OptionalCell(pair.has_mae_difference(), pair.mae_difference()));
  cells.push_back(OptionalCell(pair.has_chi_difference(), pair.chi_difference()));
  cells.push_back(OptionalCell(pair.has_relative_difference(), pair.relative_difference()));
  return cells;
}

// "latent 1.2 %, pca 1.1 %": medians of the pairs' percentiles.
std::string MedianPercentiles(const v1::ListRepeatsResponse& response) {
  std::string text;
  if (response.repeat_pairs().empty()) return text;
  for (int space = 0; space < response.repeat_pairs(0).places_size(); ++space) {
    std::vector<double> values;
    for (const v1::RepeatPair& pair : response.repeat_pairs()) {
      if (pair.places(space).has_percentile()) values.push_back(pair.places(space).percentile());
    }
    if (values.empty()) continue;
    std::sort(values.begin(), values.end());
    const double median = (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
    text += fmt::format("{}{} {:.3g} %", text.empty() ? "" : ", ",
                        response.repeat_pairs(0).places(space).space(), median);
  }
  return text;
}

}  // namespace

absl::StatusOr<Answer> AskRepeats(Connection& connection, const RepeatsOptions& options) {
  v1::ListRepeatsRequest request;
  request.set_model(options.model);
  request.set_snapshot_id(options.snapshot_id);
  PECULIAR_ASSIGN_OR_RETURN(
      const v1::ListRepeatsResponse response,
      AllPages(
          request, /*limit=*/0, [&](const auto& page) { return connection.ListRepeats(page); },
          [](auto& page) { return page.mutable_repeat_pairs(); }));
  Listing listing{.name = "repeats"};
  listing.provenance = {{"snapshot_id", response.snapshot_id()}, {"model", response.model()}};
  listing.totals = {{"total_count", response.total_count()}};
  listing.table.columns = Columns(response);
  for (const v1::RepeatPair& pair : response.repeat_pairs()) {
    listing.table.rows.push_back(Cells(pair));
  }
  listing.notes = {fmt::format("{} pairs; snapshot {}, model {}; differences: second less first",
                               response.total_count(), response.snapshot_id(), response.model())};
  const std::string medians = MedianPercentiles(response);
  if (!medians.empty()) {
    listing.notes.push_back(
        "median distance, as a percentile of those between different galaxies (50 % is chance): " +
        medians);
  }
  return listing;
}

void AddRepeatsCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<RepeatsOptions>();
  CLI::App& command = AddCommand(
      app, "repeats", "How near the observations of one object lie in each space", chosen,
      [options](Connection& connection) { return AskRepeats(connection, *options); });
  AddModelOption(command, options->model);
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
