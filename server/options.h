// What peculiar-server is told on the command line, checked before anything starts.
// A plain value that is not changed once the server has started.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/base/status.h"
#include "core/snapshot/snapshot.h"

namespace CLI {
class App;
}

namespace peculiar::server {

struct ServerOptions {
  std::filesystem::path snapshots;         // folder of published snapshots
  std::string listen = "127.0.0.1:50051";  // HOST:PORT; port 0 = a free one
  std::filesystem::path port_file;         // where the port is written; empty = nowhere
  VerifyMode verify = VerifyMode::kFull;   // how a snapshot is checked when it is opened
  double poll_seconds = 1;                 // how often CURRENT is looked at
  int keep = 2;                            // previous snapshots that stay answerable
  std::string log_level = "info";          // debug, info, warning, error
  // How long calls in flight may take to end after a stop signal.
  std::chrono::milliseconds drain_timeout = std::chrono::seconds(5);
};

// Adds the flags with their help texts; parsing writes into `options`, which must outlive `app`.
void AddOptions(CLI::App& app, ServerOptions& options);

// Host and port of "127.0.0.1:50051", "localhost:0" or "[::1]:0" in the form that gRPC listens on.
// INVALID_ARGUMENT when it is not HOST:PORT with a port of 0 to 65535; FAILED_PRECONDITION when the
// host is not this machine's loopback, the only one that is served without encryption.
absl::StatusOr<std::string> LoopbackAddress(const std::string& listen);

// The process's exit code: 0 ok, 1 internal, 2 usage, 4 refused (an address, a port, a file).
int ExitCode(const absl::Status& status);

}  // namespace peculiar::server
