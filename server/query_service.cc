#include "server/query_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/convert.h"
#include "server/exports.h"
#include "server/page.h"

namespace peculiar::server {
namespace {

constexpr int kRowsPerSizeCheck = 100;

// Everything but the offset. Borrows from the request.
absl::StatusOr<AnomalyQuery> ToQuery(const v1::ListAnomaliesRequest& request) {
  AnomalyQuery query;
  query.model = request.model();
  PECULIAR_ASSIGN_OR_RETURN(query.measure, FromProto(request.score_kind()));
  query.line = request.line();
  query.page_size = request.page_size();
  PECULIAR_ASSIGN_OR_RETURN(query.order, FromProto(request.sort_order()));
  if (request.has_filter()) {
    PECULIAR_ASSIGN_OR_RETURN(query.filter, FromProto(request.filter()));
  }
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
  if (request.has_filter()) {
    PECULIAR_ASSIGN_OR_RETURN(query.filter, FromProto(request.filter()));
  }
  if (request.has_score_range()) {
    PECULIAR_ASSIGN_OR_RETURN(query.score, FromProto(request.score_range()));
  }
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
  if (request.has_filter()) {
    PECULIAR_ASSIGN_OR_RETURN(query.filter, FromProto(request.filter()));
  }
  if (request.has_score_range()) {
    PECULIAR_ASSIGN_OR_RETURN(query.score, FromProto(request.score_range()));
  }
  return query;
}

// Leaves out what has no bound but its users' patience: labels and descriptions of tags.
void KeepSmall(v1::Snapshot& snapshot) {
  if (snapshot.ByteSizeLong() <= kFullResponseBytes) return;
  for (v1::Model& model : *snapshot.mutable_models()) model.clear_relevance_json();
  for (v1::Tag& tag : *snapshot.mutable_tags()) tag.clear_description();
}

// Whether a response with so many rows ends here.
template <typename Response>
bool IsFull(int rows, const Response& response) {
  return rows % kRowsPerSizeCheck == 0 && response.ByteSizeLong() > kFullResponseBytes;
}

// Adds entries to `rows`, a field of `response`, until that is full.
template <typename Entries, typename Rows, typename Response>
void AddRows(const Entries& entries, Rows& rows, const Response& response) {
  for (const auto& entry : entries) {
    ToProto(entry, *rows.Add());
    if (IsFull(rows.size(), response)) break;
  }
}

}  // namespace

QueryService::QueryService(const SnapshotHolder& holder, CallGate& gate, std::string server_version)
    : holder_(holder), gate_(gate), server_version_(std::move(server_version)) {
  Register("ListAnomalies", &QueryService::ListAnomalies);
  Register("FindNeighbors", &QueryService::FindNeighbors);
  Register("GetEmbedding", &QueryService::GetEmbedding);
  SetMessageAllocatorFor_ListGalaxies(&galaxy_pages_);
  SetMessageAllocatorFor_BatchGetEmbeddings(&batches_);
}

template <typename Request, typename Response>
void QueryService::Register(const char* name,
                            grpc::ServerUnaryReactor* (QueryService::*method)(
                                grpc::CallbackServerContext*, const Request*, Response*)) {
  const auto* const service = Request::descriptor()->file()->service(0);
  MarkMethodCallback(service->FindMethodByName(name)->index(),
                     new grpc::internal::CallbackUnaryHandler<Request, Response>(
                         [this, method](grpc::CallbackServerContext* context,
                                        const Request* request, Response* response) {
                           return (this->*method)(context, request, response);
                         }));
}

grpc::ServerUnaryReactor* QueryService::ListAnomalies(
    grpc::CallbackServerContext* context, const v1::ListAnomaliesRequest* request,
    Encoded<v1::ListAnomaliesResponse>* response) {
  return Answer(gate_, context, "ListAnomalies", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(AnomalyQuery query, ToQuery(*request));
    v1::ListAnomaliesRequest question = *request;
    question.set_score_kind(ToProto(query.measure));  // unset and the default are one question
    question.set_sort_order(query.order == SortOrder::kAscending ? v1::SORT_ORDER_ASCENDING
                                                                 : v1::SORT_ORDER_DESCENDING);
    if (query.filter.empty()) question.clear_filter();
    PECULIAR_ASSIGN_OR_RETURN(PagePosition position,
                              FindPage(holder_, "ListAnomalies", std::move(question)));
    query.offset = position.offset;
    const ServedEngine& engine = *position.engine;
    PECULIAR_ASSIGN_OR_RETURN(const AnomalyRows page, engine.RankAnomalies(query));
    std::optional<grpc::Slice> together = engine.AnomaliesTogether(page);
    if (together && together->size() > kFullResponseBytes) together.reset();
    ResponseBytes rest(UsualBytes(together ? 0 : page.rows.size()));
    int given = static_cast<int>(page.rows.size());
    if (!together) given = engine.AppendAnomalies(page, rest);
    using Fields = v1::ListAnomaliesResponse;
    const CatalogModel& model = engine.snapshot().catalog().models[page.model];
    AppendText(Fields::kNextPageTokenFieldNumber, NextPageToken(position, given, page.total_count),
               rest);
    AppendCount(Fields::kTotalCountFieldNumber, static_cast<std::uint32_t>(page.total_count), rest);
    AppendText(Fields::kSnapshotIdFieldNumber, engine.snapshot().id(), rest);
    AppendText(Fields::kModelFieldNumber, model.name, rest);
    response->Set(std::move(position.engine), model,
                  {together ? *std::move(together) : grpc::Slice(), rest.Take()});
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::FindNeighbors(
    grpc::CallbackServerContext* context, const v1::FindNeighborsRequest* request,
    Encoded<v1::FindNeighborsResponse>* response) {
  return Answer(gate_, context, "FindNeighbors", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(EnginePointer engine, holder_.Find(request->snapshot_id()));
    PECULIAR_ASSIGN_OR_RETURN(const NeighborQuery query, ToQuery(*request));
    PECULIAR_ASSIGN_OR_RETURN(EncodedNeighbors found, engine->EncodeNeighbors(query));
    const CatalogModel& model = engine->snapshot().catalog().models[found.model];
    response->Set(std::move(engine), model, {std::move(found.bytes)});
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::GetEmbedding(grpc::CallbackServerContext* context,
                                                     const v1::GetEmbeddingRequest* request,
                                                     Encoded<v1::GetEmbeddingResponse>* response) {
  return Answer(gate_, context, "GetEmbedding", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(EnginePointer engine, holder_.Find(request->snapshot_id()));
    PECULIAR_ASSIGN_OR_RETURN(
        const EmbeddingAnswer answer,
        engine->GetEmbedding(request->galaxy_id(), request->model(), request->space()));
    using Fields = v1::GetEmbeddingResponse;
    ResponseBytes bytes(answer.values.size_bytes() + UsualBytes(0));
    AppendText(Fields::kPlateifuFieldNumber, answer.plateifu, bytes);
    AppendFloats(Fields::kValuesFieldNumber, answer.values, bytes);
    AppendText(Fields::kSnapshotIdFieldNumber, engine->snapshot().id(), bytes);
    AppendText(Fields::kModelFieldNumber, answer.model->name, bytes);
    AppendText(Fields::kSpaceFieldNumber, answer.space, bytes);
    response->Set(std::move(engine), *answer.model, {bytes.Take()});
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
    EmbeddingAnswer answer;
    std::size_t bytes = 0;
    for (const std::string& id : request->galaxy_ids()) {
      PECULIAR_ASSIGN_OR_RETURN(answer,
                                engine->GetEmbedding(id, request->model(), request->space()));
      v1::Embedding& embedding = *response->add_embeddings();
      ToProto(answer, embedding);
      bytes += embedding.ByteSizeLong();
      if (bytes > kFullResponseBytes) {
        return InvalidArgument("BAD_BATCH_SIZE: {} embeddings are too much for one response",
                               asked);
      }
    }
    response->set_model(answer.model->name);
    response->set_space(answer.space.data(), answer.space.size());
    response->set_snapshot_id(engine->snapshot().id());
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* QueryService::ListGalaxies(grpc::CallbackServerContext* context,
                                                     const v1::ListGalaxiesRequest* request,
                                                     v1::ListGalaxiesResponse* response) {
  return Answer(gate_, context, "ListGalaxies", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const GalaxyQuery query, ToGalaxyQuery(*request));
    v1::ListGalaxiesRequest question = *request;
    if (query.score) question.mutable_score_range()->set_score_kind(ToProto(query.score->measure));
    if (query.filter.empty()) question.clear_filter();
    PECULIAR_ASSIGN_OR_RETURN(const PagePosition position,
                              FindPage(holder_, "ListGalaxies", std::move(question)));
    PECULIAR_ASSIGN_OR_RETURN(
        const GalaxyPage page,
        position.engine->ListGalaxies(query, {position.offset, request->page_size()}));
    AddRows(page.galaxies, *response->mutable_galaxies(), *response);
    FinishPage(position, response->galaxies_size(), page.total_count, page.model->name, *response);
    return absl::OkStatus();
  });
}

grpc::ServerWriteReactor<v1::ExportGalaxiesResponse>* QueryService::ExportGalaxies(
    grpc::CallbackServerContext* context, const v1::ExportGalaxiesRequest* request) {
  return GalaxiesExport::Start(
      gate_, *context, "ExportGalaxies", [&]() -> absl::StatusOr<GalaxiesExport::Fill> {
        PECULIAR_ASSIGN_OR_RETURN(EnginePointer engine, holder_.Find(request->snapshot_id()));
        return OpenExport(std::move(engine), *request);
      });
}

grpc::ServerWriteReactor<v1::ExportEmbeddingsResponse>* QueryService::ExportEmbeddings(
    grpc::CallbackServerContext* context, const v1::ExportEmbeddingsRequest* request) {
  return EmbeddingsExport::Start(
      gate_, *context, "ExportEmbeddings", [&]() -> absl::StatusOr<EmbeddingsExport::Fill> {
        PECULIAR_ASSIGN_OR_RETURN(EnginePointer engine, holder_.Find(request->snapshot_id()));
        return OpenExport(std::move(engine), *request);
      });
}

grpc::ServerUnaryReactor* QueryService::GetGalaxy(grpc::CallbackServerContext* context,
                                                  const v1::GetGalaxyRequest* request,
                                                  v1::GetGalaxyResponse* response) {
  return Answer(gate_, context, "GetGalaxy", response, [&]() -> absl::Status {
    PECULIAR_ASSIGN_OR_RETURN(const EnginePointer engine, holder_.Find(request->snapshot_id()));
    PECULIAR_ASSIGN_OR_RETURN(const GalaxyAnswer answer,
                              engine->GetGalaxy(request->galaxy_id(), request->model()));
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
    response->set_model(answer.model_scores.front().model->name);
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
    AddRows(answer.populations, *response->mutable_populations(), *response);
    if (response->populations_size() < std::ssize(answer.populations)) {
      return InvalidArgument(
          "BAD_BIN_COUNT: {} populations are too much for one response; ask for fewer bins",
          answer.populations.size());
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
      if (IsFull(response->repeat_pairs_size(), *response)) break;
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
    PECULIAR_ASSIGN_OR_RETURN(const std::size_t model, engine->ResolveModel(request->model()));
    v1::Snapshot& snapshot = *response->mutable_snapshot();
    ToProto(engine->snapshot(), snapshot);
    if (!request->model().empty()) {
      snapshot.mutable_models()->SwapElements(0, static_cast<int>(model));
      snapshot.mutable_models()->DeleteSubrange(1, snapshot.models_size() - 1);
    }
    KeepSmall(snapshot);
    response->set_reload_error(holder_.reload_error());
    response->set_server_version(server_version_);
    response->set_snapshot_id(snapshot.snapshot_id());
    response->set_model(snapshot.models(0).model());
    return absl::OkStatus();
  });
}

}  // namespace peculiar::server
