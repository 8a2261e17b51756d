#include "server/options.h"

#include <charconv>

namespace peculiar::server {
namespace {

// 127.0.0.0/8, written as four plain decimal numbers.
bool IsLoopback4(std::string_view host) {
  int parts[4];
  const char* at = host.data();
  const char* const end = at + host.size();
  for (int i = 0; i < 4; ++i) {
    const auto [next, error] = std::from_chars(at, end, parts[i]);
    if (error != std::errc() || parts[i] < 0 || parts[i] > 255) return false;
    if (i < 3 && (next == end || *next != '.')) return false;
    at = i < 3 ? next + 1 : next;
  }
  return at == end && parts[0] == 127;
}

bool IsPort(std::string_view text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 0 && port <= 65535 &&
         text.front() != '-';
}

}  // namespace

absl::StatusOr<std::string> LoopbackAddress(const std::string& listen, std::string_view setting) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0 || !IsPort(listen.substr(colon + 1))) {
    return InvalidArgument("{} '{}' is not HOST:PORT, for example 127.0.0.1:50051", setting,
                           listen);
  }
  const std::string host = listen.substr(0, colon);
  // Not left to the resolver: a hosts file may say anything.
  if (host == "localhost") return "127.0.0.1" + listen.substr(colon);
  if (host == "[::1]" || IsLoopback4(host)) return listen;
  return FailedPrecondition(
      "{} '{}' is not a loopback address; connections are neither encrypted nor authenticated, so "
      "only 127.0.0.1, [::1] and localhost are served",
      setting, listen);
}

int ExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
      return 2;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return 1;
    default:
      return 4;
  }
}

}  // namespace peculiar::server
