#include "client/embedding.h"

#include <algorithm>
#include <span>

namespace peculiar::client {

namespace {

constexpr std::size_t kLargestBatch = 1000;  // the server's bound

// What is asked in each call, and what has come of it.
struct Asked {
  v1::BatchGetEmbeddingsRequest request;
  Listing listing{.name = "embeddings"};
  std::vector<absl::Status> failures;
};

// One bad id fails a whole call: such a call is made again in halves, until the id is alone.
absl::Status AskBatch(Connection& connection, std::span<const GivenId> ids, Asked& asked) {
  v1::BatchGetEmbeddingsRequest& request = asked.request;
  request.clear_galaxy_ids();
  for (const GivenId& given : ids) request.add_galaxy_ids(given.id);
  const auto bad = std::find_if(ids.begin(), ids.end(),
                                [](const GivenId& given) { return !CheckId(given).ok(); });
  const absl::StatusOr<v1::BatchGetEmbeddingsResponse> response =
      bad == ids.end() ? connection.BatchGetEmbeddings(request) : CheckId(*bad);
  if (!response.ok()) {
    if (!IsOfOneId(response.status())) return response.status();
    if (ids.size() == 1) {
      asked.failures.push_back(OfId(response.status(), ids[0]));
      return absl::OkStatus();
    }
    const std::size_t half = ids.size() / 2;
    PECULIAR_RETURN_IF_ERROR(AskBatch(connection, ids.first(half), asked));
    return AskBatch(connection, ids.subspan(half), asked);
  }
  for (const v1::Embedding& embedding : response->embeddings()) {
    OrderedJson values = OrderedJson::array();
    for (const float value : embedding.values()) values.push_back(FloatCell(value));
    asked.listing.table.rows.push_back({embedding.plateifu(), std::move(values)});
  }
  request.set_model(response->model());
  request.set_space(response->space());
  request.set_snapshot_id(response->snapshot_id());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Reply> AskEmbedding(Connection& connection, const EmbeddingOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<GivenId> ids, GivenIds(options.galaxies));
  Asked asked;
  v1::BatchGetEmbeddingsRequest& request = asked.request;
  request.set_model(options.model);
  request.set_space(options.space);
  request.set_snapshot_id(options.snapshot_id);
  for (std::size_t begin = 0; begin < ids.size(); begin += kLargestBatch) {
    const std::size_t count = std::min(kLargestBatch, ids.size() - begin);
    PECULIAR_RETURN_IF_ERROR(AskBatch(connection, std::span(ids).subspan(begin, count), asked));
  }
  Reply reply;
  reply.failures = std::move(asked.failures);
  Listing& listing = asked.listing;
  if (listing.table.rows.empty()) return reply;
  listing.table.columns = {{.name = "plateifu", .ucd = "meta.id;meta.main"},
                           {.name = "values", .type = CellType::kVector}};
  listing.provenance = {{"snapshot_id", request.snapshot_id()},
                        {"model", request.model()},
                        {"space", request.space()}};
  listing.notes = {fmt::format("snapshot {}, model {}, space {}", request.snapshot_id(),
                               request.model(), request.space())};
  reply.answer = std::move(listing);
  return reply;
}

void AddEmbeddingCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<EmbeddingOptions>();
  CLI::App& command =
      AddCommand(app, "embedding", "The coordinates of galaxies in a space", chosen,
                 [options](Connection& connection) { return AskEmbedding(connection, *options); });
  AddIdOptions(command, options->galaxies);
  AddModelOption(command, options->model);
  command.add_option("--space", options->space, "latent (without it), pca or umap")
      ->type_name("SPACE");
  AddSnapshotOption(command, options->snapshot_id);
}

}  // namespace peculiar::client
