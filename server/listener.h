// A gRPC port with the limits of the options: the one place that says who may connect and how much
// a connection may take. Both services are served through it.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "core/base/status.h"
#include "server/options.h"

namespace peculiar::server {

struct Listener {
  std::shared_ptr<grpc::ServerCredentials> credentials;  // gRPC does not keep them alive
  std::unique_ptr<grpc::Server> server;
  std::string address;  // HOST:PORT with the port that was taken
};

// Serves `service` (and gRPC's health service, NOT_SERVING at first; and reflection when
// options.reflection) on `address`, one that ListenAddress gave, to connections with what
// `credentials` ask for. FAILED_PRECONDITION when the port is taken or the address is not this
// machine's.
absl::StatusOr<Listener> Listen(const std::string& address, grpc::Service& service,
                                const ServerOptions& options,
                                std::shared_ptr<grpc::ServerCredentials> credentials);

}  // namespace peculiar::server
