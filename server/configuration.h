// Where the settings of setting.h come from: defaults, a TOML file, the environment, the command
// line, each stronger than the one before it. Nothing that is told is ignored: what names no
// setting is an error.
#pragma once

#include <CLI/App.hpp>
#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/setting.h"

namespace peculiar::server {

enum class Origin { kDefault, kFile, kEnvironment, kFlag };

struct Configuration {
  ServerOptions options;
  std::map<std::string, Origin, std::less<>> origins;  // of what is not a default, by name
};

// What was told outside of the file. Texts are checked by ReadConfiguration.
struct ConfigurationSources {
  std::filesystem::path file;                                // empty = none
  std::vector<std::string> environment;                      // "NAME=value"; others are skipped
  std::vector<std::pair<std::string, std::string>> flags{};  // name and text, for example "keep"
};

// INVALID_ARGUMENT naming file, line and key, the variable, or the flag, with what was expected:
// unknown keys and variables (with those that there are), wrong types and values. NOT_FOUND when
// there is no such file. A variable that Kubernetes sets for a service named peculiar-server
// (PECULIAR_SERVER_PORT, .._SERVICE_HOST, ..) is nobody's setting and is skipped.
absl::StatusOr<Configuration> ReadConfiguration(const ConfigurationSources& sources);

// The configuration as TOML: every setting with its help and origin. Reads back as a file to the
// same options.
std::string FormatConfiguration(const Configuration& configuration);

// Adds --config, --print-config, --make-token, --scopes and a flag for each setting; `flags` are
// those that were given, in order. Both must outlive `app`.
struct CommandLine {
  std::filesystem::path file;  // empty = PECULIAR_SERVER_CONFIG, or none
  bool print = false;
  std::string make_token;  // name of a token to make instead of serving; empty = serve
  std::string scopes = "read";
  std::vector<std::pair<std::string, std::string>> flags;
};
void AddFlags(CLI::App& app, CommandLine& line);

}  // namespace peculiar::server
