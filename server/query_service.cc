#include "server/query_service.h"

#include <utility>

#include "server/convert.h"
#include "server/page_token.h"

namespace peculiar::server {
namespace {

// A page ends early rather than pass this; responses stay under 4 MiB.
constexpr std::size_t kFullPageBytes = 3 << 20;
constexpr int kRowsPerSizeCheck = 100;

// Where a listing begins.
struct PagePosition {
  EnginePointer engine;
  std::uint64_t query_hash = 0;
  std::int64_t offset = 0;
};

absl::StatusOr<EnginePointer> EngineOfToken(const SnapshotHolder& holder, const PageToken& token,
                                            const std::string& snapshot_id) {
  if (!snapshot_id.empty() && snapshot_id != token.snapshot_id) {
    return BadPageToken("it belongs to another snapshot than snapshot_id");
  }
  absl::StatusOr<EnginePointer> engine = holder.Find(token.snapshot_id);
  if (!absl::IsNotFound(engine.status())) return engine;
  return FailedPrecondition(
      "SNAPSHOT_RETIRED: the page token's snapshot {} is no longer held; begin again at the first "
      "page",
      Quoted(token.snapshot_id));
}

// Request: one with model, page_size, page_token and snapshot_id.
template <typename Request>
absl::StatusOr<PagePosition> FindPage(const SnapshotHolder& holder, std::string_view method,
                                      Request question) {
  PageToken token;
  PagePosition position;
  const bool first = question.page_token().empty();
  if (first) {
    PECULIAR_ASSIGN_OR_RETURN(position.engine, holder.Find(question.snapshot_id()));
  } else {
    PECULIAR_ASSIGN_OR_RETURN(token, DecodePageToken(question.page_token()));
    PECULIAR_ASSIGN_OR_RETURN(position.engine,
                              EngineOfToken(holder, token, question.snapshot_id()));
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t model,
                            position.engine->ResolveModel(question.model()));
  // What may differ from page to page is no part of the question; and "" and the default model's
  // name are one.
  question.set_model(position.engine->snapshot().catalog().models[model].name);
  question.clear_page_size();
  question.clear_page_token();
  question.clear_snapshot_id();
  position.query_hash = HashQuery({method, question.SerializeAsString()});
  if (!first && token.query_hash != position.query_hash) {
    return BadPageToken("it belongs to a question with another model, score, order or filter");
  }
  position.offset = token.offset;
  return position;
}

// Everything but the offset. Borrows from the request.
absl::StatusOr<AnomalyQuery> ToQuery(const v1::ListAnomaliesRequest& request) {
  AnomalyQuery query;
  query.model = request.model();
  PECULIAR_ASSIGN_OR_RETURN(query.measure, FromProto(request.score_kind()));
  query.line = request.line();
  query.page_size = request.page_size();
  PECULIAR_ASSIGN_OR_RETURN(query.order, FromProto(request.sort_order()));
  PECULIAR_ASSIGN_OR_RETURN(query.filter, FromProto(request.filter()));
  if (request.has_min_score()) query.range.min_value = request.min_score();
  if (request.has_max_score()) query.range.max_value = request.max_score();
  if (request.has_min_percentile()) query.range.min_percentile = request.min_percentile();
  if (request.has_max_percentile()) query.range.max_percentile = request.max_percentile();
  return query;
}

// Borrows from the request.
absl::StatusOr<NeighborQuery> ToQuery(const v1::FindNeighborsRequest& request) {
  NeighborQuery query;
  query.galaxy_id = request.galaxy_id();
  query.model = request.model();
  query.space = request.space();
  query.neighbor_count = request.neighbor_count();
  query.vector = {request.vector_values().data(),
                  static_cast<std::size_t>(request.vector_values_size())};
  PECULIAR_ASSIGN_OR_RETURN(query.filter, FromProto(request.filter()));
  query.exclude_repeats = request.exclude_repeats();
  return query;
}

// Borrows from the request.
absl::StatusOr<DistributionQuery> ToQuery(const v1::GetDistributionRequest& request) {
  DistributionQuery query;
  query.model = request.model();
  PECULIAR_ASSIGN_OR_RETURN(query.measure, FromProto(request.score_kind()));
  query.line = request.line();
  PECULIAR_ASSIGN_OR_RETURN(query.group, FromProto(request.group()));
  query.bin_count = request.bin_count();
  query.scale = request.logarithmic() ? BinScale::kLog : BinScale::kLinear;
  PECULIAR_ASSIGN_OR_RETURN(query.filter, FromProto(request.filter()));
  return query;
}

// Leaves out what has no bound but its users' patience: labels and descriptions of tags.
void KeepSmall(v1::Snapshot& snapshot) {
  if (snapshot.ByteSizeLong() <= kFullPageBytes) return;
  for (v1::Model& model : *snapshot.mutable_models()) model.clear_relevance_json();
  for (v1::Tag& tag : *snapshot.mutable_tags()) tag.clear_description();
}

// Which snapshot and model answered, and where the listing goes on after `given` more rows.
template <typename Response>
void FinishPage(const PagePosition& position, int given, std::int64_t total,
                const std::string& model, Response& response) {
  response.set_total_count(static_cast<int>(total));
  response.set_snapshot_id(position.engine->snapshot().id());
  response.set_model(model);
  const std::int64_t end = position.offset + given;
  if (given > 0 && end < total) {
    response.set_next_page_token(
        EncodePageToken({response.snapshot_id(), position.query_hash, end}));
  }
}

void Encode(const AnomalyPage& page, const PagePosition& position,
            v1::ListAnomaliesResponse& response) {
  for (const AnomalyEntry& entry : page.anomalies) {
    ToProto(entry, *response.add_anomalies());
    if (response.anomalies_size() % kRowsPerSizeCheck == 0 &&
        response.ByteSizeLong() > kFullPageBytes) {
      break;
    }
  }
  FinishPage(position, response.anomalies_size(), page.total_count, page.model->name, response);
}

}  // namespace

QueryService::QueryService(const SnapshotHolder& holder, CallGate& gate, std::string server_version)
    : holder_(holder), gate_(gate), server_version_(std::move(server_version)) {}

grpc::ServerUnaryReactor* QueryService::ListAnomalies(grpc::CallbackServerContext* context,
                                                      const v1::ListAnomaliesRequest* request,
                                                      v1::ListAnomaliesResponse* response) {
  return Answer(gate_, context, "ListAnomalies", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(AnomalyQuery query, ToQuery(*request));
    v1::ListAnomaliesRequest question = *request;
    question.set_score_kind(ToProto(query.measure));  // unset and the default are one question
    question.set_sort_order(query.order == SortOrder::kAscending ? v1::SORT_ORDER_ASCENDING
                                                                 : v1::SORT_ORDER_DESCENDING);
    if (query.filter.empty()) question.clear_filter();
    PECULIAR_ASSIGN_OR_RETURN(const PagePosition position,
                              FindPage(holder_, "ListAnomalies", std::move(question)));
    query.offset = position.offset;
    PECULIAR_ASSIGN_OR_RETURN(const AnomalyPage page, position.engine->ListAnomalies(query));
    Encode(page, position, *response);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::FindNeighbors(grpc::CallbackServerContext* context,
                                                      const v1::FindNeighborsRequest* request,
                                                      v1::FindNeighborsResponse* response) {
  return Answer(gate_, context, "FindNeighbors", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const EnginePointer engine, holder_.Find(request->snapshot_id()));
    PECULIAR_ASSIGN_OR_RETURN(const NeighborQuery query, ToQuery(*request));
    PECULIAR_ASSIGN_OR_RETURN(const NeighborAnswer answer, engine->FindNeighbors(query));
    for (const NeighborEntry& entry : answer.neighbors) ToProto(entry, *response->add_neighbors());
    response->set_plateifu(std::string(answer.plateifu));
    response->set_space(std::string(answer.space));
    response->set_snapshot_id(engine->snapshot().id());
    response->set_model(answer.model->name);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::GetEmbedding(grpc::CallbackServerContext* context,
                                                     const v1::GetEmbeddingRequest* request,
                                                     v1::GetEmbeddingResponse* response) {
  return Answer(gate_, context, "GetEmbedding", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const EnginePointer engine, holder_.Find(request->snapshot_id()));
    PECULIAR_ASSIGN_OR_RETURN(
        const EmbeddingAnswer answer,
        engine->GetEmbedding(request->galaxy_id(), request->model(), request->space()));
    response->mutable_values()->Add(answer.values.begin(), answer.values.end());
    response->set_plateifu(std::string(answer.plateifu));
    response->set_snapshot_id(engine->snapshot().id());
    response->set_model(answer.model->name);
    response->set_space(std::string(answer.space));
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::BatchGetEmbeddings(
    grpc::CallbackServerContext* context, const v1::BatchGetEmbeddingsRequest* request,
    v1::BatchGetEmbeddingsResponse* response) {
  return Answer(gate_, context, "BatchGetEmbeddings", response, [&]() -> absl::Status {
    const int asked = request->galaxy_ids_size();
    if (asked < 1 || asked > kMaxPageSize) {
      return InvalidArgument("BAD_BATCH_SIZE: galaxy_ids has {} ids; give 1 to {}", asked,
                             kMaxPageSize);
    }
    PECULIAR_ASSIGN_OR_RETURN(const EnginePointer engine, holder_.Find(request->snapshot_id()));
    for (const std::string& id : request->galaxy_ids()) {
      PECULIAR_ASSIGN_OR_RETURN(const EmbeddingAnswer answer,
                                engine->GetEmbedding(id, request->model(), request->space()));
      v1::Embedding& embedding = *response->add_embeddings();
      embedding.set_plateifu(std::string(answer.plateifu));
      embedding.mutable_values()->Add(answer.values.begin(), answer.values.end());
      response->set_model(answer.model->name);
      response->set_space(std::string(answer.space));
      if (response->ByteSizeLong() > kFullPageBytes) {
        return InvalidArgument("BAD_BATCH_SIZE: {} embeddings are too much for one response",
                               asked);
      }
    }
    response->set_snapshot_id(engine->snapshot().id());
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::GetGalaxy(grpc::CallbackServerContext* context,
                                                  const v1::GetGalaxyRequest* request,
                                                  v1::GetGalaxyResponse* response) {
  return Answer(gate_, context, "GetGalaxy", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const EnginePointer engine, holder_.Find(request->snapshot_id()));
    PECULIAR_ASSIGN_OR_RETURN(const GalaxyAnswer answer, engine->GetGalaxy(request->galaxy_id()));
    ToProto(answer.galaxy, *response->mutable_galaxy());
    for (const ModelScoresEntry& entry : answer.model_scores) {
      v1::ModelScores& scores = *response->add_model_scores();
      ToProto(entry, scores);
      if (request->include_spaxel_values()) {
        scores.mutable_spaxel_values()->Add(entry.spaxel_values.begin(), entry.spaxel_values.end());
      }
    }
    response->set_spaxel_side(engine->snapshot().spaxel_side());
    response->set_snapshot_id(engine->snapshot().id());
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::GetDistribution(grpc::CallbackServerContext* context,
                                                        const v1::GetDistributionRequest* request,
                                                        v1::GetDistributionResponse* response) {
  return Answer(gate_, context, "GetDistribution", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const EnginePointer engine, holder_.Find(request->snapshot_id()));
    PECULIAR_ASSIGN_OR_RETURN(const DistributionQuery query, ToQuery(*request));
    PECULIAR_ASSIGN_OR_RETURN(const DistributionAnswer answer, engine->GetDistribution(query));
    for (const Distribution& population : answer.populations) {
      ToProto(population, *response->add_populations());
    }
    response->mutable_bin_edges()->Add(answer.edges.begin(), answer.edges.end());
    response->mutable_quantile_shares()->Add(std::begin(kQuantiles), std::end(kQuantiles));
    response->set_score_kind(ToProto(query.measure));
    response->set_line(request->line());
    response->set_snapshot_id(engine->snapshot().id());
    response->set_model(answer.model->name);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::ListRepeats(grpc::CallbackServerContext* context,
                                                    const v1::ListRepeatsRequest* request,
                                                    v1::ListRepeatsResponse* response) {
  return Answer(gate_, context, "ListRepeats", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const PagePosition position,
                              FindPage(holder_, "ListRepeats", *request));
    PECULIAR_ASSIGN_OR_RETURN(
        const RepeatPage page,
        position.engine->ListRepeats({request->model(), position.offset, request->page_size()}));
    for (const CatalogSpace& space : *page.spaces) response->add_spaces(space.name);
    for (const RepeatEntry& entry : page.pairs) {
      ToProto(entry, *page.spaces, *response->add_repeat_pairs());
    }
    FinishPage(position, response->repeat_pairs_size(), page.total_count, page.model->name,
               *response);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::GetSnapshot(grpc::CallbackServerContext* context,
                                                    const v1::GetSnapshotRequest* request,
                                                    v1::GetSnapshotResponse* response) {
  return Answer(gate_, context, "GetSnapshot", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const EnginePointer engine, holder_.Find(request->snapshot_id()));
    ToProto(engine->snapshot(), *response->mutable_snapshot());
    KeepSmall(*response->mutable_snapshot());
    response->set_reload_error(holder_.reload_error());
    response->set_server_version(server_version_);
    return absl::OkStatus();
  });
}

}  // namespace peculiar::server
