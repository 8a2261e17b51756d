#include "client/embedding.h"

namespace peculiar::client {

absl::StatusOr<Answer> AskEmbedding(Connection& connection, const EmbeddingOptions& options) {
  v1::GetEmbeddingRequest request;
  request.set_model(options.model);
  request.set_snapshot_id(options.snapshot_id);
  Listing listing{.name = "embeddings"};
  listing.table.columns = {{.name = "plateifu"}, {.name = "values"}};
  for (const std::string& galaxy_id : options.galaxy_ids) {
    request.set_galaxy_id(galaxy_id);
    PECULIAR_ASSIGN_OR_RETURN(const v1::GetEmbeddingResponse response,
                              connection.GetEmbedding(request));
    OrderedJson values = OrderedJson::array();
    for (const float value : response.values()) values.push_back(FloatCell(value));
    listing.table.rows.push_back({response.plateifu(), std::move(values)});
    request.set_model(response.model());
    request.set_snapshot_id(response.snapshot_id());
  }
  listing.provenance = {{"snapshot_id", request.snapshot_id()}, {"model", request.model()}};
  listing.notes = {fmt::format("snapshot {}, model {}", request.snapshot_id(), request.model())};
  return listing;
}

void AddEmbeddingCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result) {
  auto options = std::make_shared<EmbeddingOptions>();
  CLI::App& command =
      AddCommand(app, "embedding", "The latent vectors of galaxies", globals, result,
                 [options](Connection& connection) { return AskEmbedding(connection, *options); });
  command.add_option("galaxies", options->galaxy_ids, "Plate-IFUs or MaNGA-IDs")
      ->required()
      ->type_name("ID");
  AddModelOption(command, options->model);
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
