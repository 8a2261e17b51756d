#include "client/health.h"

#include <string_view>

namespace peculiar::client {
namespace {

constexpr const char* kMethod = "/grpc.health.v1.Health/Check";
constexpr std::string_view kServing = "\x08\x01";  // the answer { status: SERVING } on the wire

}  // namespace

absl::Status CheckHealth(Connection& connection) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string answer, connection.CallRaw(kMethod, ""));
  if (answer == kServing) return absl::OkStatus();
  return FailedPrecondition(
      "{} is not serving: no snapshot is open yet, or it is stopping; its log says more",
      connection.address());
}

}  // namespace peculiar::client
