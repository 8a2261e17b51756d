// For whoever runs the server: which snapshots there are, and a look at CURRENT now. On a server of
// its own with gRPC's synchronous API, since its methods wait for disks; QueryService's never do.
#pragma once

#include <grpcpp/server_context.h>

#include "peculiar/v1/admin_service.grpc.pb.h"
#include "server/call_gate.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

class AdminService final : public v1::AdminService::Service {
 public:
  // holder and gate, which is of this service, must outlive it.
  AdminService(SnapshotHolder& holder, CallGate& gate) : holder_(holder), gate_(gate) {}

  grpc::Status ListSnapshots(grpc::ServerContext* context, const v1::ListSnapshotsRequest* request,
                             v1::ListSnapshotsResponse* response) override;
  grpc::Status ReloadSnapshot(grpc::ServerContext* context,
                              const v1::ReloadSnapshotRequest* request,
                              v1::ReloadSnapshotResponse* response) override;

 private:
  absl::Status List(const v1::ListSnapshotsRequest& request, v1::ListSnapshotsResponse& response);

  SnapshotHolder& holder_;
  CallGate& gate_;
};

}  // namespace peculiar::server
