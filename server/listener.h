// A gRPC port with the limits of the options: the one place that says who may connect and how much
// a connection may take. Both services are served through it.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "core/base/status.h"
#include "server/options.h"

namespace peculiar::server {

struct Listener {
  std::unique_ptr<grpc::Server> server;
  std::string address;  // HOST:PORT with the port that was taken
};

// Serves `service` (and gRPC's health service, NOT_SERVING at first; and reflection when
// options.reflection) on `address`, one that LoopbackAddress gave. FAILED_PRECONDITION when the
// port is taken or the address is not this machine's.
absl::StatusOr<Listener> Listen(const std::string& address, grpc::Service& service,
                                const ServerOptions& options);

}  // namespace peculiar::server
