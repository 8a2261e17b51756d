// The running server: a port, the query service, the standard health service, the snapshots.
// Owns its threads; stopping is bounded in time.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "core/base/status.h"
#include "server/options.h"
#include "server/query_service.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

class Server {
 public:
  // Listens, tries once to open the current snapshot, then writes the port file. Without a snapshot
  // it runs, NOT_SERVING, and serves as soon as one appears. INVALID_ARGUMENT or
  // FAILED_PRECONDITION as LoopbackAddress, when the port is taken, or when the snapshots' path is
  // no folder; errors of AtomicFile for the port file.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options);

  ~Server();  // Stop
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT with the port that was taken.
  const std::string& address() const { return address_; }

  // The snapshots, for a look at CURRENT out of turn.
  SnapshotHolder& holder() { return holder_; }

  // Says NOT_SERVING, takes no new calls, lets those in flight end within options.drain_timeout and
  // cancels the rest, removes the port file. A snapshot that is being opened is waited for. Once.
  void Stop();

 private:
  explicit Server(const ServerOptions& options);
  absl::Status Listen(const std::string& address);
  void SetServing();

  const ServerOptions options_;
  std::string address_;
  SnapshotHolder holder_;
  QueryService query_service_;
  std::unique_ptr<grpc::Server> grpc_server_;  // last: ends before what it calls
};

}  // namespace peculiar::server
