// The standard health check of gRPC (grpc.health.v1), as probes and load balancers ask it. A server
// answers it without a token, and also when it has as many calls in flight as it allows.
#pragma once

#include "client/connection.h"

namespace peculiar::client {

// OK when the server serves; FAILED_PRECONDITION when it says that it does not; errors of
// Connection::CallRaw. One attempt.
absl::Status CheckHealth(Connection& connection);

}  // namespace peculiar::client
