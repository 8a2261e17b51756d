// peculiar-server: answers questions about published snapshots over gRPC.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "server/options.h"
#include "server/process.h"
#include "server/server.h"

namespace {

absl::Status Run(const peculiar::server::ServerOptions& options) {
  using namespace peculiar::server;
  SetUpLog(options.log_level);
  HoldStopSignals();
  PECULIAR_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options));
  spdlog::info("{}: stopping", WaitForStopSignal());
  server->Stop();
  spdlog::info("stopped");
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace peculiar::server;
  CLI::App app{"Peculiar's server: answers questions about published snapshots over gRPC."};
  app.set_version_flag("--version", PECULIAR_VERSION);
  app.footer(
      "Exit codes: 0 stopped by SIGTERM or SIGINT, 1 internal error, 2 usage,\n"
      "4 refused (an address that is not loopback, a port that is taken, a file).");
  ServerOptions options;
  AddOptions(app, options);
  try {  // CLI11 reports usage by exceptions
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = Run(options);
  if (!status.ok()) fmt::print(stderr, "peculiar-server: {}\n", peculiar::MessageOf(status));
  return ExitCode(status);
}
