#include "client/embedding.h"

#include <algorithm>

namespace peculiar::client {

namespace {

constexpr std::size_t kLargestBatch = 1000;  // the server's bound

}  // namespace

absl::StatusOr<Answer> AskEmbedding(Connection& connection, const EmbeddingOptions& options) {
  v1::BatchGetEmbeddingsRequest request;
  request.set_model(options.model);
  request.set_space(options.space);
  request.set_snapshot_id(options.snapshot_id);
  Listing listing{.name = "embeddings"};
  listing.table.columns = {{.name = "plateifu"}, {.name = "values"}};
  for (std::size_t begin = 0; begin < options.galaxy_ids.size(); begin += kLargestBatch) {
    const std::size_t end = std::min(begin + kLargestBatch, options.galaxy_ids.size());
    request.clear_galaxy_ids();
    for (std::size_t i = begin; i < end; ++i) request.add_galaxy_ids(options.galaxy_ids[i]);
    PECULIAR_ASSIGN_OR_RETURN(const v1::BatchGetEmbeddingsResponse response,
                              connection.BatchGetEmbeddings(request));
    for (const v1::Embedding& embedding : response.embeddings()) {
      OrderedJson values = OrderedJson::array();
      for (const float value : embedding.values()) values.push_back(FloatCell(value));
      listing.table.rows.push_back({embedding.plateifu(), std::move(values)});
    }
    request.set_model(response.model());
    request.set_space(response.space());
    request.set_snapshot_id(response.snapshot_id());
  }
  listing.provenance = {{"snapshot_id", request.snapshot_id()},
                        {"model", request.model()},
                        {"space", request.space()}};
  listing.notes = {fmt::format("snapshot {}, model {}, space {}", request.snapshot_id(),
                               request.model(), request.space())};
  return listing;
}

void AddEmbeddingCommand(CLI::App& app, const GlobalOptions& globals, CommandResult& result) {
  auto options = std::make_shared<EmbeddingOptions>();
  CLI::App& command =
      AddCommand(app, "embedding", "The coordinates of galaxies in a space", globals, result,
                 [options](Connection& connection) { return AskEmbedding(connection, *options); });
  command.add_option("galaxies", options->galaxy_ids, "Plate-IFUs or MaNGA-IDs")
      ->required()
      ->type_name("ID");
  AddModelOption(command, options->model);
  command.add_option("--space", options->space, "latent (without it), pca or umap")
      ->type_name("SPACE");
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
