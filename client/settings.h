// Where the server is, how long to wait and what to print, in rising order: defaults, a TOML file,
// environment variables, flags. The file is --config, else $PECULIAR_CONFIG, else
// $XDG_CONFIG_HOME/peculiar/config.toml, else ~/.config/peculiar/config.toml; only the last two may
// be missing.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "client/connection.h"
#include "core/base/status.h"

namespace peculiar::client {

// As given by flag or environment; the two are told apart by CLI11 alone.
struct GlobalOptions {
  std::string config;  // path, empty = not given
  std::optional<std::string> server;
  std::optional<double> timeout_seconds;
  std::optional<std::string> output;
  CredentialOptions credentials;
};

// A check of options: a number from `least` to `most`, which NaN is not. CLI11's own lets it pass.
std::function<std::string(const std::string&)> NumberFrom(double least, double most);

void AddGlobalOptions(CLI::App& app, GlobalOptions& options);

// What holds after all of them.
struct Settings {
  std::string server = ConnectionOptions{}.address;
  double timeout_seconds = 5;           // 0.01 to 3600
  std::string output = "table";         // a format of ParseFormat
  bool output_is_flag = false;          // by -o, and not what the environment says
  std::string server_from = "default";  // where its address was found
  std::filesystem::path config;         // file that was read, empty = none
  CredentialOptions credentials;

  ConnectionOptions connection() const;
};

// The keys of a file are server, timeout (seconds) and output, and tls, ca_file, certificate, key
// and token_file. INVALID_ARGUMENT naming the file and the line for any other key, a value of
// another type or out of range; NOT_FOUND for a file that was named and is not there.
absl::StatusOr<Settings> ReadSettings(const GlobalOptions& options);

}  // namespace peculiar::client
