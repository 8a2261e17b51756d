#include "client/neighbors.h"

#include <locale>
#include <sstream>

#include "client/galaxy_columns.h"

namespace peculiar::client {
namespace {

std::vector<Column> Columns() {
  std::vector<Column> columns{
      {.name = "place", .type = CellType::kInteger, .description = "1 = the nearest"}};
  AppendIdColumns(columns);
  columns.push_back({.name = "distance",
                     .type = CellType::kReal,
                     .description = "Euclidean, in the space asked for"});
  columns.push_back(ScoreColumn("mae", v1::SCORE_KIND_MAE));
  columns.push_back(
      {.name = "mae_rank", .type = CellType::kInteger, .description = "1 = the highest score"});
  columns.push_back(PercentileColumn("mae_percentile"));
  columns.push_back({.name = "also_in_spaces",
                     .type = CellType::kTexts,
                     .description = "other spaces in which it is as near"});
  AppendDetailColumns(columns);
  return columns;
}

std::vector<OrderedJson> Cells(int place, const v1::Neighbor& neighbor) {
  const v1::Score& score = neighbor.score();
  std::vector<OrderedJson> cells{place};
  AppendIdCells(neighbor.galaxy(), cells);
  cells.push_back(neighbor.distance());
  cells.push_back(OptionalCell(score.has_value(), score.value()));
  cells.push_back(OptionalCell(score.has_rank(), score.rank()));
  cells.push_back(OptionalCell(score.has_percentile(), score.percentile()));
  cells.push_back(
      std::vector<std::string>(neighbor.also_in_spaces().begin(), neighbor.also_in_spaces().end()));
  AppendDetailCells(neighbor.galaxy(), cells);
  return cells;
}

// Numbers between blanks, commas and brackets.
absl::StatusOr<std::vector<float>> ReadVector(const std::string& path) {
  PECULIAR_ASSIGN_OR_RETURN(std::string text, ReadText(path));
  for (char& c : text) {
    if (c == ',' || c == '[' || c == ']') c = ' ';
  }
  std::vector<float> values;
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  for (float value; stream >> value;) values.push_back(value);
  if (values.empty() || !stream.eof()) {
    return InvalidArgument("{}: value {} is not a number", path, values.size() + 1);
  }
  return values;
}

absl::StatusOr<v1::FindNeighborsRequest> ToRequest(const NeighborsOptions& options) {
  v1::FindNeighborsRequest request;
  if (!options.vector.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(const std::vector<float> values, ReadVector(options.vector));
    request.mutable_vector_values()->Add(values.begin(), values.end());
  }
  request.set_neighbor_count(options.neighbor_count);
  request.set_space(options.space);
  request.set_model(options.model);
  PECULIAR_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter));
  PECULIAR_ASSIGN_OR_RETURN(const auto range, ToProto(options.score, options.range));
  if (range) *request.mutable_score_range() = *range;
  request.set_exclude_repeats(options.exclude_repeats);
  request.set_snapshot_id(options.snapshot_id);
  return request;
}

Listing ToListing(const v1::FindNeighborsResponse& response) {
  Listing listing{.name = "neighbors"};
  listing.provenance = {{"of_plateifu", response.plateifu()},
                        {"space", response.space()},
                        {"snapshot_id", response.snapshot_id()},
                        {"model", response.model()}};
  listing.table.columns = Columns();
  for (int i = 0; i < response.neighbors_size(); ++i) {
    listing.table.rows.push_back(Cells(i + 1, response.neighbors(i)));
  }
  listing.notes = {fmt::format(
      "{} nearest to {} in {} space; snapshot {}, model {}; {}", response.neighbors_size(),
      response.plateifu().empty() ? "the point" : response.plateifu(), response.space(),
      response.snapshot_id(), response.model(), kFluxNote)};
  return listing;
}

// Appends one galaxy's neighbours to those of the galaxies before it.
void Append(Listing one, Listing& all) {
  const OrderedJson of = one.provenance["of_plateifu"];
  if (all.table.columns.empty()) {
    all = {.name = one.name, .provenance = std::move(one.provenance)};
    all.provenance.erase("of_plateifu");
    all.table.columns = {{.name = "of_plateifu",
                          .ucd = "meta.id",
                          .description = "the galaxy whose neighbours they are"}};
    auto& columns = one.table.columns;
    all.table.columns.insert(all.table.columns.end(), columns.begin(), columns.end());
  }
  for (std::vector<OrderedJson>& row : one.table.rows) {
    row.insert(row.begin(), of);
    all.table.rows.push_back(std::move(row));
  }
  all.notes.push_back(one.notes.front());
}

}  // namespace

absl::StatusOr<Reply> AskNeighbors(Connection& connection, const NeighborsOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(v1::FindNeighborsRequest request, ToRequest(options));
  std::vector<GivenId> ids(1);  // a point has no id
  if (options.vector.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(ids, GivenIds(options.galaxies));
  }
  const bool is_single = !options.vector.empty() || options.galaxies.is_single();
  Reply reply;
  Listing all;
  PECULIAR_RETURN_IF_ERROR(AskEach(
      ids,
      [&](const std::string& id) {
        request.set_galaxy_id(id);
        return connection.FindNeighbors(request);
      },
      [&](const v1::FindNeighborsResponse& response) {
        request.set_snapshot_id(response.snapshot_id());  // the next ones from the same
        request.set_model(response.model());
        Listing listing = ToListing(response);
        is_single ? void(all = std::move(listing)) : Append(std::move(listing), all);
      },
      reply.failures));
  if (!all.table.columns.empty()) reply.answer = std::move(all);
  return reply;
}

void AddNeighborsCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<NeighborsOptions>();
  CLI::App& command =
      AddCommand(app, "neighbors", "The galaxies most like a given one, nearest first", chosen,
                 [options](Connection& connection) { return AskNeighbors(connection, *options); });
  AddIdOptions(command, options->galaxies);
  command
      .add_option("--vector", options->vector,
                  "Of a point instead: file of its values, - = standard input")
      ->type_name("FILE")
      ->excludes("galaxies")
      ->excludes("--ids");
  command.add_option("-k,--count", options->neighbor_count, "How many, 1 to 1000")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  AddModelOption(command, options->model);
  command
      .add_option("--space", options->space,
                  "Space of the distance: latent (without it), pca or umap")
      ->type_name("SPACE");
  command.add_flag("--exclude-repeats", options->exclude_repeats,
                   "Without the other observations of the galaxy");
  AddFilterOptions(command, options->filter);
  AddScoreOptions(command, options->score);
  AddRangeOptions(command, options->range);
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
