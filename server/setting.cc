#include "server/setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/query/galaxy_id.h"

namespace peculiar::server {
namespace {

// The whole text as a number; false when it is none.
template <typename Number>
bool ReadNumber(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

template <typename Number>
bool SetNumber(const Setting& setting, std::string_view text, Number* target) {
  Number value{};
  // Written so that NaN is refused.
  if (!ReadNumber(text, value) || !(value >= setting.min && value <= setting.max)) return false;
  *target = value;
  return true;
}

bool SetValue(const Setting& setting, std::string_view text, std::string* target) {
  const auto& choices = setting.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    return false;
  }
  *target = std::string(text);
  return true;
}

bool SetValue(const Setting&, std::string_view text, std::filesystem::path* target) {
  if (text.find('\0') != std::string_view::npos) return false;
  *target = text;
  return true;
}

bool SetValue(const Setting&, std::string_view text, VerifyMode* target) {
  const absl::StatusOr<VerifyMode> mode = ParseVerifyMode(text);
  if (mode.ok()) *target = *mode;
  return mode.ok();
}

bool SetValue(const Setting&, std::string_view text, bool* target) {
  if (text != "true" && text != "false") return false;
  *target = text == "true";
  return true;
}

bool SetValue(const Setting& setting, std::string_view text, int* target) {
  return SetNumber(setting, text, target);
}

bool SetValue(const Setting& setting, std::string_view text, double* target) {
  return SetNumber(setting, text, target);
}

std::string TextOfValue(const std::string& value) { return value; }
std::string TextOfValue(const std::filesystem::path& value) { return value.string(); }
std::string TextOfValue(VerifyMode value) { return value == VerifyMode::kFull ? "full" : "sizes"; }
template <typename Value>
std::string TextOfValue(Value value) {
  return fmt::format("{}", value);
}

}  // namespace

// long: the table of all settings
std::vector<Setting> SettingsOf(ServerOptions& options) {
  return {
      {"snapshots", "Folder of published snapshots (the worker's W/snapshots); may still be empty",
       &options.snapshots},
      {"listen", "Address and port of QueryService; port 0 takes a free one", &options.listen},
      {"port_file", "File that holds the port while the server is ready for calls",
       &options.port_file},
      {"verify", "Check of a snapshot on opening: full (digests of all files) or sizes",
       &options.verify},
      {"poll_seconds", "How often to look for a new snapshot", &options.poll_seconds, 0.01, 3600},
      {"keep", "Previous snapshots that stay answerable by id", &options.keep, 0, 16},
      {"log_level",
       "Least serious log lines to write; debug adds a line for every call",
       &options.log_level,
       0,
       0,
       {"debug", "info", "warning", "error"}},
      {"drain_seconds", "How long calls in flight may take to end after a stop signal",
       &options.drain_seconds, 0, 3600},
      {"admin_listen", "Address and port of AdminService; empty = none", &options.admin_listen},
      {"admin_port_file", "File that holds the port of AdminService", &options.admin_port_file},
      {"metrics_listen", "Address and port of /metrics and /healthz; empty = none",
       &options.metrics_listen},
      {"metrics_port_file", "File that holds the port of /metrics", &options.metrics_port_file},
      {"reflection", "Describe the API to tools that ask (gRPC server reflection)",
       &options.reflection},
      {"tls_certificate", "PEM file of the server's certificate: the gRPC ports speak TLS",
       &options.tls_certificate},
      {"tls_key", "PEM file of its private key", &options.tls_key},
      {"tls_client_ca", "PEM file: clients need a certificate that comes from one of these",
       &options.tls_client_ca},
      {"tokens", "File of bearer tokens: calls need one (see --make-token)", &options.tokens},
      {"insecure_listen", "Serve addresses that others can reach without encryption",
       &options.insecure_listen},
      {"max_calls", "Calls in flight; more are refused with TOO_BUSY", &options.max_calls, 1, 1e6},
      {"reader_seconds", "How long a client may take to read an answer that is ready",
       &options.reader_seconds, 0.01, 3600},
      {"max_exports", "Exports in flight; more are refused with TOO_BUSY", &options.max_exports, 1,
       1e6},
      {"export_seconds", "How long one export may last", &options.export_seconds, 0.01, 86400},
      {"max_streams", "Calls at a time on one connection", &options.max_streams, 1, 1e6},
      {"max_request_bytes", "Largest request", &options.max_request_bytes, 1024, 64 << 20},
      {"max_metadata_bytes", "Largest headers of a call", &options.max_metadata_bytes, 1024,
       1 << 20},
      {"network_memory_mib", "Buffers of all connections together", &options.network_memory_mib, 16,
       1 << 20},
      {"keepalive_seconds", "Silence after which a connection is asked whether it lives",
       &options.keepalive_seconds, 1, 86400},
      {"min_ping_seconds", "Clients that ping more often are disconnected",
       &options.min_ping_seconds, 0, 86400},
  };
}

std::string VariableOf(std::string_view name) {
  std::string variable = "PECULIAR_SERVER_";
  for (const char c : name) variable.push_back(c == '_' ? c : static_cast<char>(c - 'a' + 'A'));
  return variable;
}

std::string FlagOf(std::string_view name) {
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

absl::Status Set(const Setting& setting, std::string_view text, std::string_view where) {
  const auto set = [&](auto* target) { return SetValue(setting, text, target); };
  if (std::visit(set, setting.target)) return absl::OkStatus();
  return InvalidArgument("{} is {}; expected {}", where, Quoted(text), Expected(setting));
}

std::string Expected(const Setting& setting) {
  if (std::holds_alternative<VerifyMode*>(setting.target)) return "full or sizes";
  if (std::holds_alternative<bool*>(setting.target)) return "true or false";
  if (std::holds_alternative<int*>(setting.target)) {
    return fmt::format("a whole number from {:.0f} to {:.0f}", setting.min, setting.max);
  }
  if (std::holds_alternative<double*>(setting.target)) {
    return fmt::format("a number from {} to {}", setting.min, setting.max);
  }
  if (setting.choices.empty()) return "a text";
  return fmt::format("one of {}", fmt::join(setting.choices, ", "));
}

std::string TextOf(const Setting& setting) {
  return std::visit([](const auto* target) { return TextOfValue(*target); }, setting.target);
}

}  // namespace peculiar::server
