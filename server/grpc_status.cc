#include "server/grpc_status.h"

#include <algorithm>
#include <array>
#include <string>

namespace peculiar::server {
namespace {

// "UNKNOWN_GALAXY: ..."
bool BeginsWithReason(std::string_view message) {
  const std::size_t colon = message.find(": ");
  if (colon == std::string_view::npos || colon < 3) return false;
  const std::string_view reason = message.substr(0, colon);
  return std::all_of(reason.begin(), reason.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

std::string Cut(std::string_view message) {
  if (message.size() <= kMaxMessageBytes) return std::string(message);
  constexpr std::string_view kEnd = "...";
  std::size_t size = kMaxMessageBytes - kEnd.size();
  // Not inside a UTF-8 character: its later bytes are 10xxxxxx.
  while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xc0) == 0x80) --size;
  return std::string(message.substr(0, size)) + std::string(kEnd);
}

}  // namespace

bool IsForClients(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return false;
    default:
      return BeginsWithReason(MessageOf(status));
  }
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (!IsForClients(status)) {
    return {grpc::StatusCode::INTERNAL, "INTERNAL: the server failed; its log has the cause"};
  }
  // absl and gRPC number the canonical codes alike.
  return {static_cast<grpc::StatusCode>(status.code()), Cut(MessageOf(status))};
}

std::string_view NameOf(grpc::StatusCode code) {
  constexpr std::array<std::string_view, kCodeCount> kNames = {"OK",
                                                               "CANCELLED",
                                                               "UNKNOWN",
                                                               "INVALID_ARGUMENT",
                                                               "DEADLINE_EXCEEDED",
                                                               "NOT_FOUND",
                                                               "ALREADY_EXISTS",
                                                               "PERMISSION_DENIED",
                                                               "RESOURCE_EXHAUSTED",
                                                               "FAILED_PRECONDITION",
                                                               "ABORTED",
                                                               "OUT_OF_RANGE",
                                                               "UNIMPLEMENTED",
                                                               "INTERNAL",
                                                               "UNAVAILABLE",
                                                               "DATA_LOSS",
                                                               "UNAUTHENTICATED"};
  return code >= 0 && code < kCodeCount ? kNames[code] : "UNKNOWN";
}

}  // namespace peculiar::server
