// A QueryService with a few made-up galaxies, on a free loopback port, for tests of the client. It
// can fail on demand, and hands out pages smaller than asked for.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <string>

#include "peculiar/v1/query_service.grpc.pb.h"

namespace peculiar::testing {

// Galaxies 8000-12704, 8001-12704, ... in falling order of every score. The models "ae" (default)
// and "vae"; the snapshot "S1". Ids that mean something else:
//   9999-12704 NOT_FOUND, 1-1 FAILED_PRECONDITION, nonsense INVALID_ARGUMENT, busy
//   RESOURCE_EXHAUSTED, bug INTERNAL (a message of two lines), slow never answers;
// nor does the model slow.
class FakeQueryService final : public v1::QueryService::Service {
 public:
  static constexpr int kGalaxyCount = 7;
  static constexpr int kLargestPage = 3;

  // The next `count` calls fail with `status`.
  void FailNext(int count, const grpc::Status& status);
  // Calls so far, the failed ones too.
  int call_count() const;
  // What the next GetSnapshot says of the last reload.
  void set_reload_error(const std::string& text);
  // Exports end so once they have written `messages` messages of kLargestPage galaxies.
  void BreakExports(int messages, const grpc::Status& status);
  // The second page of anomalies comes from another snapshot.
  void set_mixes_snapshots(bool mixes);

  grpc::Status ListAnomalies(grpc::ServerContext* context, const v1::ListAnomaliesRequest* request,
                             v1::ListAnomaliesResponse* response) override;
  grpc::Status FindNeighbors(grpc::ServerContext* context, const v1::FindNeighborsRequest* request,
                             v1::FindNeighborsResponse* response) override;
  grpc::Status GetEmbedding(grpc::ServerContext* context, const v1::GetEmbeddingRequest* request,
                            v1::GetEmbeddingResponse* response) override;
  grpc::Status BatchGetEmbeddings(grpc::ServerContext* context,
                                  const v1::BatchGetEmbeddingsRequest* request,
                                  v1::BatchGetEmbeddingsResponse* response) override;
  grpc::Status ListGalaxies(grpc::ServerContext* context, const v1::ListGalaxiesRequest* request,
                            v1::ListGalaxiesResponse* response) override;
  grpc::Status ExportGalaxies(grpc::ServerContext* context,
                              const v1::ExportGalaxiesRequest* request,
                              grpc::ServerWriter<v1::ExportGalaxiesResponse>* writer) override;
  grpc::Status ExportEmbeddings(grpc::ServerContext* context,
                                const v1::ExportEmbeddingsRequest* request,
                                grpc::ServerWriter<v1::ExportEmbeddingsResponse>* writer) override;
  grpc::Status GetGalaxy(grpc::ServerContext* context, const v1::GetGalaxyRequest* request,
                         v1::GetGalaxyResponse* response) override;
  grpc::Status GetDistribution(grpc::ServerContext* context,
                               const v1::GetDistributionRequest* request,
                               v1::GetDistributionResponse* response) override;
  grpc::Status ListRepeats(grpc::ServerContext* context, const v1::ListRepeatsRequest* request,
                           v1::ListRepeatsResponse* response) override;
  grpc::Status GetSnapshot(grpc::ServerContext* context, const v1::GetSnapshotRequest* request,
                           v1::GetSnapshotResponse* response) override;

 private:
  // Writes all galaxies by write(first, end), which gives whether the client still listens.
  template <typename Write>
  grpc::Status Export(const Write& write);
  // Counts the call; the failure that is due, or that the id or the model asks for.
  grpc::Status Begin(grpc::ServerContext* context, const std::string& galaxy_id,
                     const std::string& model);

  mutable std::mutex mutex_;
  int call_count_ = 0;
  int failures_left_ = 0;
  grpc::Status failure_;
  int export_messages_ = kGalaxyCount;  // before export_end_
  grpc::Status export_end_;
  std::string reload_error_;
  bool mixes_snapshots_ = false;
};

// Serves a FakeQueryService until destruction.
class FakeServer {
 public:
  FakeServer();
  ~FakeServer();
  std::string address() const;

  FakeQueryService service;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace peculiar::testing
