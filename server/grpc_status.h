// The one place where a core status becomes a gRPC status. Only messages that begin with a stable
// reason ("UNKNOWN_GALAXY: ...") were written for clients; any other text may name paths or SQL, so
// it is replaced.
#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "core/base/status.h"

namespace peculiar::server {

// The longest message a client gets, bytes; longer ones are cut at a character and end in "...".
inline constexpr std::size_t kMaxMessageBytes = 1024;

// False when the text may name paths or SQL: it does not begin with a reason in capitals, or the
// code is INTERNAL, UNKNOWN or DATA_LOSS.
bool IsForClients(const absl::Status& status);

// The same code and message when IsForClients; else INTERNAL with a general text, and the caller
// logs the real one. gRPC's trailers are ASCII-safe: it percent-encodes the rest.
grpc::Status ToGrpcStatus(const absl::Status& status);

// "OK", "NOT_FOUND", .. as logs and metrics name them; "UNKNOWN" for what gRPC does not know.
std::string_view NameOf(grpc::StatusCode code);

// The numbers of gRPC's codes are 0 to kCodeCount - 1.
inline constexpr int kCodeCount = 17;

}  // namespace peculiar::server
