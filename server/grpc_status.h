// The one place where a core status becomes a gRPC status. Only messages that begin with a stable
// reason ("UNKNOWN_GALAXY: ...") were written for clients; any other text may name paths or SQL, so
// it is logged and replaced.
#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "core/base/status.h"

namespace peculiar::server {

// The longest message a client gets, bytes; longer ones are cut at a character and end in "...".
inline constexpr std::size_t kMaxMessageBytes = 1024;

// The same code and message when the message begins with a reason in capitals and the code is not
// INTERNAL, UNKNOWN or DATA_LOSS; else INTERNAL with a general text, and the real one in the log
// with `method`. gRPC's trailers are ASCII-safe: it percent-encodes the rest.
grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view method);

}  // namespace peculiar::server
