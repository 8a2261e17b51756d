#include "client/neighbors.h"

#include <locale>
#include <sstream>

#include "client/galaxy_columns.h"

namespace peculiar::client {
namespace {

std::vector<Column> Columns() {
  std::vector<Column> columns{{.name = "place"}};
  AppendIdColumns(columns);
  columns.push_back({.name = "distance"});
  columns.push_back({.name = "mae", .unit = "flux"});
  columns.push_back({.name = "mae_rank"});
  columns.push_back({.name = "mae_percentile", .unit = "%", .decimals = 2});
  columns.push_back({.name = "also_in_spaces"});
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
  request.set_galaxy_id(options.galaxy_id);
  if (!options.vector.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(const std::vector<float> values, ReadVector(options.vector));
    request.mutable_vector_values()->Add(values.begin(), values.end());
  }
  request.set_neighbor_count(options.neighbor_count);
  request.set_space(options.space);
  request.set_model(options.model);
  PECULIAR_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter));
  request.set_exclude_repeats(options.exclude_repeats);
  request.set_snapshot_id(options.snapshot_id);
  return request;
}

}  // namespace

absl::StatusOr<Answer> AskNeighbors(Connection& connection, const NeighborsOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const v1::FindNeighborsRequest request, ToRequest(options));
  PECULIAR_ASSIGN_OR_RETURN(const v1::FindNeighborsResponse response,
                            connection.FindNeighbors(request));
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

void AddNeighborsCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result) {
  auto options = std::make_shared<NeighborsOptions>();
  CLI::App& command = AddCommand(
      app, "neighbors", "The galaxies most like a given one, nearest first", globals, result,
      [options](Connection& connection) { return AskNeighbors(connection, *options); });
  CLI::Option_group& of = *command.add_option_group("Of");
  of.add_option("galaxy", options->galaxy_id, "Plate-IFU or MaNGA-ID, for example 8626-12704")
      ->type_name("ID");
  of.add_option("--vector", options->vector,
                "Of a point instead: file of its values, - = standard input")
      ->type_name("FILE");
  of.require_option(1);
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
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
