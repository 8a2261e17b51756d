// The running server: the query service with the standard health service on a port, the snapshots,
// and when they are asked for the admin service and the metrics on ports of their own. Owns the
// threads of all of them; Start, Reload and Stop are for one thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "server/access_list.h"
#include "server/admin_service.h"
#include "server/call_gate.h"
#include "server/certificates.h"
#include "server/listener.h"
#include "server/metrics_port.h"
#include "server/options.h"
#include "server/port_file.h"
#include "server/query_service.h"
#include "server/request_log.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

class Server {
 public:
  // Listens and has the current snapshot opened by a thread of its own. NOT_SERVING until that is
  // done, or one appears. The port files are there when this first try is over, whatever came of
  // it. INVALID_ARGUMENT or FAILED_PRECONDITION as ListenAddress, when a port is taken, or when the
  // snapshots' path is no folder; errors of CheckTogether, AccessList, Certificates and, for the
  // port files, AtomicFile.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options);

  // Until the first try to open a snapshot is over; for ever when it was told to stop before.
  void WaitUntilReady() const { ready_.wait(false); }

  ~Server();  // Stop
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT with the port that was taken; empty where nothing was asked for.
  const std::string& address() const { return query_.address; }
  const std::string& admin_address() const { return admin_.address; }
  std::string metrics_address() const;

  // The snapshots, for a look at CURRENT out of turn.
  SnapshotHolder& holder() { return holder_; }

  // What SIGHUP asks for: reads tokens and certificates again, keeping the old where that fails,
  // and looks at CURRENT, without waiting for what comes of it. What fails is logged.
  void Reload();

  // OK when calls are answered; else `NO_SNAPSHOT:` or `STOPPING:` and why.
  absl::Status health() const;

  // Says NOT_SERVING, takes no new calls, lets those in flight end within options.drain_seconds and
  // cancels the rest, removes the port files. Opening a snapshot ends meanwhile. Once.
  void Stop();

 private:
  // What the server reads besides snapshots, opened before it is made.
  struct Secrets {
    std::unique_ptr<AccessList> access;
    std::unique_ptr<Certificates> certificates;  // null = plain text
  };
  static absl::StatusOr<Secrets> OpenSecrets(const ServerOptions& options);

  Server(const ServerOptions& options, Secrets secrets);
  absl::Status Listen();
  absl::Status ListenForMetrics();
  absl::Status ClaimPortFiles();
  void SetReady();
  void SetServing();

  const ServerOptions options_;
  const Secrets secrets_;
  std::array<PortFile*, 3> port_files() {
    return {&port_file_, &admin_port_file_, &metrics_port_file_};
  }

  PortFile port_file_;
  PortFile admin_port_file_;
  PortFile metrics_port_file_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> stopping_ = false;
  SnapshotHolder holder_;
  RequestLog request_log_;
  CallGate query_gate_;
  CallGate admin_gate_;
  QueryService query_service_;
  AdminService admin_service_;
  ReaderPatience reader_patience_;
  // Last: these end before what they call.
  Listener query_;
  Listener admin_;
  std::unique_ptr<MetricsPort> metrics_;
};

}  // namespace peculiar::server
