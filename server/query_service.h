// The gRPC face of the query engine: a method decodes, asks once, encodes. Runs on gRPC's threads
// and never blocks. Errors as peculiar/v1/query_service.proto says.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <string>
#include <string_view>

#include "peculiar/v1/query_service.grpc.pb.h"
#include "server/arena_messages.h"
#include "server/call_gate.h"
#include "server/encoded_response.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

class QueryService final : public v1::QueryService::CallbackService {
 public:
  // holder and gate, which is of this service, must outlive it.
  QueryService(const SnapshotHolder& holder, CallGate& gate, std::string server_version);

  grpc::ServerUnaryReactor* BatchGetEmbeddings(grpc::CallbackServerContext* context,
                                               const v1::BatchGetEmbeddingsRequest* request,
                                               v1::BatchGetEmbeddingsResponse* response) override;
  grpc::ServerUnaryReactor* ListGalaxies(grpc::CallbackServerContext* context,
                                         const v1::ListGalaxiesRequest* request,
                                         v1::ListGalaxiesResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportGalaxiesResponse>* ExportGalaxies(
      grpc::CallbackServerContext* context, const v1::ExportGalaxiesRequest* request) override;
  grpc::ServerWriteReactor<v1::ExportEmbeddingsResponse>* ExportEmbeddings(
      grpc::CallbackServerContext* context, const v1::ExportEmbeddingsRequest* request) override;
  grpc::ServerUnaryReactor* GetGalaxy(grpc::CallbackServerContext* context,
                                      const v1::GetGalaxyRequest* request,
                                      v1::GetGalaxyResponse* response) override;
  grpc::ServerUnaryReactor* GetDistribution(grpc::CallbackServerContext* context,
                                            const v1::GetDistributionRequest* request,
                                            v1::GetDistributionResponse* response) override;
  grpc::ServerUnaryReactor* ListRepeats(grpc::CallbackServerContext* context,
                                        const v1::ListRepeatsRequest* request,
                                        v1::ListRepeatsResponse* response) override;
  grpc::ServerUnaryReactor* GetSnapshot(grpc::CallbackServerContext* context,
                                        const v1::GetSnapshotRequest* request,
                                        v1::GetSnapshotResponse* response) override;

 private:
  // Not of the generated class: their responses are bytes already.
  grpc::ServerUnaryReactor* ListAnomalies(grpc::CallbackServerContext* context,
                                          const v1::ListAnomaliesRequest* request,
                                          Encoded<v1::ListAnomaliesResponse>* response);
  grpc::ServerUnaryReactor* FindNeighbors(grpc::CallbackServerContext* context,
                                          const v1::FindNeighborsRequest* request,
                                          Encoded<v1::FindNeighborsResponse>* response);
  grpc::ServerUnaryReactor* GetEmbedding(grpc::CallbackServerContext* context,
                                         const v1::GetEmbeddingRequest* request,
                                         Encoded<v1::GetEmbeddingResponse>* response);
  // Has gRPC call `method` for the RPC of that name instead of the generated one.
  template <typename Request, typename Response>
  void Register(const char* name,
                grpc::ServerUnaryReactor* (QueryService::*method)(grpc::CallbackServerContext*,
                                                                  const Request*, Response*));

  const SnapshotHolder& holder_;
  CallGate& gate_;
  const std::string server_version_;

  // First blocks: a page of 50, or as many embeddings.
  ArenaMessages<v1::ListGalaxiesRequest, v1::ListGalaxiesResponse> galaxy_pages_{64 << 10};
  ArenaMessages<v1::BatchGetEmbeddingsRequest, v1::BatchGetEmbeddingsResponse> batches_{64 << 10};
};

}  // namespace peculiar::server
