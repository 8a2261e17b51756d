// What peculiar-server is told, checked before anything starts. Defaults live here and nowhere
// else; setting.h names each field for the file, the environment and the command line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/snapshot/snapshot.h"

namespace peculiar::server {

struct ServerOptions {
  std::filesystem::path snapshots;         // folder of published snapshots
  std::string listen = "127.0.0.1:50051";  // HOST:PORT; port 0 = a free one
  std::filesystem::path port_file;         // where the port is written; empty = nowhere
  VerifyMode verify = VerifyMode::kFull;   // how a snapshot is checked when it is opened
  double poll_seconds = 1;                 // how often CURRENT is looked at
  int keep = 2;                            // previous snapshots that stay answerable
  std::string log_level = "info";          // debug, info, warning, error
  double drain_seconds = 5;                // for calls in flight to end after a stop signal

  std::string admin_listen;  // as listen; empty = no AdminService
  std::filesystem::path admin_port_file;
  std::string metrics_listen;  // as listen; empty = no /metrics, no /healthz
  std::filesystem::path metrics_port_file;
  bool reflection = false;  // gRPC server reflection, for tools that ask for the API

  std::filesystem::path tls_certificate;  // PEM; with tls_key: both gRPC ports speak TLS, only it
  std::filesystem::path tls_key;
  std::filesystem::path tls_client_ca;  // PEM; clients need a certificate that comes from it
  std::filesystem::path tokens;         // file of tokens.h; empty = whoever connects may call
  bool insecure_listen = false;         // whoever can reach the ports may read along and call

  // A call in flight holds at most a request and a response of 4 MiB: this bounds memory.
  int max_calls = 1000;
  double reader_seconds = 60;        // for a client to read an answer that is ready
  int max_exports = 32;              // of the calls in flight: they last, and hold their snapshot
  double export_seconds = 3600;      // of one export
  int max_streams = 256;             // calls at a time on one connection
  int max_request_bytes = 1 << 20;   // the largest sensible one, 1000 ids or a vector, has 20 KB
  int max_metadata_bytes = 8 << 10;  // headers of a call
  int network_memory_mib = 512;      // gRPC's buffers, all connections together
  double keepalive_seconds = 120;    // silence after which a connection is asked if it lives
  double min_ping_seconds = 10;      // clients that ping more often are disconnected
};

enum class Port { kQuery, kAdmin, kMetrics };

// Where a port listens, in the form that gRPC takes: "127.0.0.1:50051", "[::]:0"; "localhost" is
// 127.0.0.1. INVALID_ARGUMENT when it is not HOST:PORT with an address in numbers and a port of 0
// to 65535. FAILED_PRECONDITION when the address is not this machine's loopback and
// - it is not encrypted (tls_certificate; never the metrics) and insecure_listen is not set;
// - it is the admin port, and neither tokens nor tls_client_ca nor insecure_listen is set;
// - tokens would cross the network in the clear, whatever insecure_listen says.
absl::StatusOr<std::string> ListenAddress(const ServerOptions& options, Port port);

// INVALID_ARGUMENT when settings do not go together: a certificate without a key, a key or roots of
// clients without a certificate.
absl::Status CheckTogether(const ServerOptions& options);

// The process's exit code: 0 ok, 1 internal, 2 usage, 4 refused (an address, a port, a file).
int ExitCode(const absl::Status& status);

}  // namespace peculiar::server
