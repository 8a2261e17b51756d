#include "server/options.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <utility>

namespace peculiar::server {
namespace {

struct Address {
  std::string text;
  bool is_loopback = false;
};

// An address in numbers; names are not left to a resolver: a hosts file may say anything.
bool ParseHost(std::string host, bool& is_loopback) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    is_loopback = ntohl(v4.s_addr) >> 24 == 127;
    return true;
  }
  in6_addr v6{};
  if (host.size() < 3 || host.front() != '[' || host.back() != ']') return false;
  host = host.substr(1, host.size() - 2);
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  is_loopback = IN6_IS_ADDR_LOOPBACK(&v6);
  return true;
}

bool IsPort(std::string_view text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 0 && port <= 65535 &&
         text.front() != '-';
}

absl::StatusOr<Address> Parse(const std::string& listen, std::string_view setting) {
  const std::size_t colon = listen.rfind(':');
  Address address{listen};
  if (colon != std::string::npos && colon > 0 && IsPort(listen.substr(colon + 1))) {
    if (listen.starts_with("localhost:")) return Address{"127.0.0.1" + listen.substr(colon), true};
    if (ParseHost(listen.substr(0, colon), address.is_loopback)) return address;
  }
  return InvalidArgument("{} '{}' is not ADDRESS:PORT in numbers, for example 127.0.0.1:50051",
                         setting, listen);
}

absl::Status Refused(std::string_view setting, const std::string& listen, std::string_view why) {
  return FailedPrecondition("{} '{}' is not a loopback address: {}", setting, listen, why);
}

// Of an address that others can reach.
absl::Status CheckExposure(const ServerOptions& options, Port port, std::string_view setting,
                           const std::string& listen) {
  const bool is_tls = !options.tls_certificate.empty();
  if (port == Port::kMetrics) {
    if (options.insecure_listen) return absl::OkStatus();
    return Refused(setting, listen, "metrics are not encrypted; --insecure-listen serves them so");
  }
  if (!options.tokens.empty() && !is_tls) {
    return Refused(setting, listen,
                   "tokens would be sent in the clear; give --tls-certificate and --tls-key");
  }
  if (options.insecure_listen) return absl::OkStatus();
  if (!is_tls) {
    return Refused(setting, listen,
                   "connections would not be encrypted; give --tls-certificate and --tls-key, or "
                   "--insecure-listen");
  }
  if (port == Port::kAdmin && options.tokens.empty() && options.tls_client_ca.empty()) {
    return Refused(setting, listen,
                   "anyone could call AdminService; give --tokens or --tls-client-ca");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ListenAddress(const ServerOptions& options, Port port) {
  const auto [listen, setting] =
      port == Port::kQuery ? std::pair(&options.listen, std::string_view("listen"))
      : port == Port::kAdmin
          ? std::pair(&options.admin_listen, std::string_view("admin_listen"))
          : std::pair(&options.metrics_listen, std::string_view("metrics_listen"));
  PECULIAR_ASSIGN_OR_RETURN(Address address, Parse(*listen, setting));
  if (address.is_loopback) return std::move(address.text);
  PECULIAR_RETURN_IF_ERROR(CheckExposure(options, port, setting, *listen));
  return std::move(address.text);
}

absl::Status CheckTogether(const ServerOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return InvalidArgument("tls_certificate and tls_key go together; only one is given");
  }
  if (!options.tls_client_ca.empty() && options.tls_certificate.empty()) {
    return InvalidArgument("tls_client_ca is for TLS: give tls_certificate and tls_key too");
  }
  return absl::OkStatus();
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
