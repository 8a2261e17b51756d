// peculiar-server: answers questions about published snapshots over gRPC.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "server/configuration.h"
#include "server/process.h"
#include "server/server.h"
#include "server/tokens.h"

namespace {

using namespace peculiar::server;

absl::Status Serve(const ServerOptions& options) {
  if (options.snapshots.empty()) {
    return peculiar::InvalidArgument(
        "no folder of snapshots is named; give --snapshots W/snapshots, or `snapshots` in a "
        "configuration file");
  }
  SetUpProcess(options.log_level);
  PECULIAR_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options));
  std::string signal;
  while ((signal = WaitForSignal()) == "SIGHUP") server->Reload();
  spdlog::info("{}: stopping", signal);
  server->Stop();
  spdlog::info("stopped");
  if (HasLostListener()) {
    return peculiar::Internal(
        "out of open files (ulimit -n), gRPC took no more connections; to be started again");
  }
  return absl::OkStatus();
}

absl::Status Run(const CommandLine& line) {
  PECULIAR_ASSIGN_OR_RETURN(const Configuration configuration,
                            ReadConfiguration({line.file, Environment(), line.flags}));
  const ServerOptions& options = configuration.options;
  if (!line.make_token.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(const std::string token,
                              AddToken(options.tokens, line.make_token, line.scopes));
    fmt::print("{}\n", token);
    return {};
  }
  if (!line.print) return Serve(options);
  fmt::print("{}", FormatConfiguration(configuration));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Peculiar's server: answers questions about published snapshots over gRPC."};
  app.set_version_flag("--version", PECULIAR_VERSION);
  app.footer(
      "Every flag is also a key of the file (poll_seconds) and a variable of the environment\n"
      "(PECULIAR_SERVER_POLL_SECONDS). SIGHUP: read CURRENT, tokens, certificates. Exit codes:\n"
      "0 stopped by SIGTERM or SIGINT, 1 internal error, 2 usage, 4 refused (an address, a file).");
  CommandLine line;
  AddFlags(app, line);
  try {  // CLI11 reports usage by exceptions
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = Run(line);
  if (!status.ok()) fmt::print(stderr, "peculiar-server: {}\n", peculiar::MessageOf(status));
  return ExitCode(status);
}
