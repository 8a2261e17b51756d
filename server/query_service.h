// The gRPC face of the query engine: a method decodes, asks once, encodes. Runs on gRPC's threads
// and never blocks. Errors as peculiar/v1/query_service.proto says.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <string>
#include <string_view>

#include "peculiar/v1/query_service.grpc.pb.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

class QueryService final : public v1::QueryService::CallbackService {
 public:
  // holder must outlive the service.
  QueryService(const SnapshotHolder& holder, std::string server_version);

  grpc::ServerUnaryReactor* ListAnomalies(grpc::CallbackServerContext* context,
                                          const v1::ListAnomaliesRequest* request,
                                          v1::ListAnomaliesResponse* response) override;
  grpc::ServerUnaryReactor* FindNeighbors(grpc::CallbackServerContext* context,
                                          const v1::FindNeighborsRequest* request,
                                          v1::FindNeighborsResponse* response) override;
  grpc::ServerUnaryReactor* GetEmbedding(grpc::CallbackServerContext* context,
                                         const v1::GetEmbeddingRequest* request,
                                         v1::GetEmbeddingResponse* response) override;
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
  const SnapshotHolder& holder_;
  const std::string server_version_;
};

}  // namespace peculiar::server
