#include "client/settings.h"

#include <cmath>
#include <cstdlib>
#include <fstream>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "client/output.h"
#include "client/text.h"

namespace peculiar::client {
namespace {

constexpr double kShortest = 0.01, kLongest = 3600;  // of the timeout, seconds

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Empty without a home.
std::filesystem::path DefaultFile() {
  const std::filesystem::path given = Environment("XDG_CONFIG_HOME");
  if (given.is_absolute()) return given / "peculiar" / "config.toml";  // as the XDG standard has it
  const std::string home = Environment("HOME");
  if (home.empty()) return {};
  return std::filesystem::path(home) / ".config" / "peculiar" / "config.toml";
}

absl::Status Wrong(const std::filesystem::path& path, const toml::source_region& where,
                   std::string_view what) {
  return InvalidArgument("{}:{}: {}", path.string(), where.begin.line, what);
}

constexpr const char* kFileKeys[] = {"ca_file", "certificate", "key", "token_file"};

// The file that a key names; null when it names none.
std::filesystem::path* FileOf(std::string_view key, CredentialOptions& options) {
  if (key == "ca_file") return &options.ca_file;
  if (key == "certificate") return &options.certificate;
  if (key == "key") return &options.key;
  return key == "token_file" ? &options.token_file : nullptr;
}

// What was given by flag or environment is stronger than the file.
void Override(CredentialOptions given, CredentialOptions& options) {
  options.tls |= given.tls;
  for (const char* key : kFileKeys) {
    if (!FileOf(key, given)->empty()) *FileOf(key, options) = *FileOf(key, given);
  }
}

absl::Status Apply(const std::string& key, const toml::node& node,
                   const std::filesystem::path& path, Settings& settings) {
  if (key == "server") {
    if (!node.is_string()) return Wrong(path, node.source(), "server is not a string");
    settings.server = node.as_string()->get();
    settings.server_from = path.string();
  } else if (key == "timeout") {
    const std::optional<double> seconds = node.value<double>();
    if (!node.is_number() || !seconds || !(*seconds >= kShortest && *seconds <= kLongest)) {
      return Wrong(path, node.source(), "timeout is not a number of seconds from 0.01 to 3600");
    }
    settings.timeout_seconds = *seconds;
  } else if (key == "output") {
    if (!node.is_string()) return Wrong(path, node.source(), "output is not a string");
    settings.output = node.as_string()->get();
    const auto format = ParseFormat(settings.output);
    if (!format.ok()) return Wrong(path, node.source(), MessageOf(format.status()));
  } else if (key == "tls") {
    if (!node.is_boolean()) return Wrong(path, node.source(), "tls is not true or false");
    settings.credentials.tls = node.as_boolean()->get();
  } else if (std::filesystem::path* const file = FileOf(key, settings.credentials)) {
    if (!node.is_string()) return Wrong(path, node.source(), key + " is not a string");
    *file = node.as_string()->get();
  } else {
    return Wrong(path, node.source(),
                 fmt::format("unknown key '{}'; known are server, timeout, output, tls, ca_file, "
                             "certificate, key and token_file",
                             WithoutControls(key, '?')));
  }
  return absl::OkStatus();
}

absl::Status ReadInto(const std::filesystem::path& path, Settings& settings) {
  std::ifstream file(path);
  std::error_code error;
  if (!file || std::filesystem::is_directory(path, error)) {
    return NotFound("cannot read {}", path.string());
  }
  const toml::parse_result parsed = toml::parse(file);
  if (!parsed) {
    return Wrong(path, parsed.error().source(), parsed.error().description());
  }
  settings.config = path;
  for (const auto& [key, node] : parsed.table()) {
    PECULIAR_RETURN_IF_ERROR(Apply(std::string(key.str()), node, path, settings));
  }
  return absl::OkStatus();
}

}  // namespace

std::function<std::string(const std::string&)> NumberFrom(double least, double most) {
  return [=](const std::string& text) -> std::string {
    double value = 0;
    if (CLI::detail::lexical_cast(text, value) && value >= least && value <= most) return "";
    return fmt::format("'{}' is not a number {}", text,
                       std::isinf(most) ? fmt::format("of at least {:g}", least)
                                        : fmt::format("from {:g} to {:g}", least, most));
  };
}

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  const Settings defaults;
  app.add_option("--server", options.server,
                 "Where peculiar-server listens: host:port, [ipv6]:port or unix:path")
      ->envname("PECULIAR_SERVER")
      ->type_name("ADDR")
      ->default_str(defaults.server);
  app.add_option("--timeout", options.timeout_seconds,
                 "Seconds to wait for each call, with its retries, 0.01 to 3600")
      ->envname("PECULIAR_TIMEOUT")
      ->check(NumberFrom(kShortest, kLongest))
      ->type_name("SECONDS")
      ->default_str("5");
  app.add_option("-o,--output", options.output, "Format: table, json, jsonl, csv or votable")
      ->envname("PECULIAR_OUTPUT")
      ->check(CLI::IsMember({"table", "json", "jsonl", "csv", "votable"}))
      ->type_name("FORMAT")
      ->default_str(defaults.output);
  AddCredentialOptions(app, options.credentials);
  app.add_option("--config", options.config,
                 "TOML file with any of these options but --config, as in ca_file; without it "
                 "~/.config/peculiar/config.toml, if there")
      ->envname("PECULIAR_CONFIG")
      ->type_name("FILE");
}

ConnectionOptions Settings::connection() const {
  const std::chrono::duration<double> timeout(timeout_seconds);
  return {.address = server,
          .timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout),
          .credentials = credentials};
}

absl::StatusOr<Settings> ReadSettings(const GlobalOptions& options) {
  Settings settings;
  if (!options.config.empty()) {
    PECULIAR_RETURN_IF_ERROR(ReadInto(options.config, settings));
  } else if (std::error_code error; std::filesystem::exists(DefaultFile(), error)) {
    PECULIAR_RETURN_IF_ERROR(ReadInto(DefaultFile(), settings));
  }
  if (options.server) {
    settings.server = *options.server;
    settings.server_from = "flag or environment";
  }
  if (options.timeout_seconds) settings.timeout_seconds = *options.timeout_seconds;
  if (options.output) {
    settings.output = *options.output;
    settings.output_is_flag = settings.output != Environment("PECULIAR_OUTPUT");
  }
  Override(options.credentials, settings.credentials);
  return settings;
}

}  // namespace peculiar::client
