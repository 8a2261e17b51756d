// What a port asks of a connection before any call: nothing, or TLS with the certificates of the
// moment of its handshake. The seam to the part of gRPC that reads certificates anew.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "server/certificates.h"

namespace peculiar::server {

// Null = plain text. `certificates` must outlive the servers that use the credentials. Clients need
// a certificate when certificates->asks_clients().
std::shared_ptr<grpc::ServerCredentials> MakeCredentials(Certificates* certificates);

}  // namespace peculiar::server
