// peculiar: asks peculiar-server about strange galaxies, a subcommand a question.

#include <fmt/format.h>

#include <csignal>
#include <cstdio>

#include "client/anomalies.h"
#include "client/completion.h"
#include "client/distribution.h"
#include "client/doctor.h"
#include "client/embedding.h"
#include "client/export.h"
#include "client/galaxies.h"
#include "client/models.h"
#include "client/neighbors.h"
#include "client/repeats.h"
#include "client/show.h"
#include "client/status.h"

namespace {

constexpr const char* kFooter =
    "A galaxy is named by plate-IFU (8626-12704, manga-8626-12704) or MaNGA-ID (1-209232).\n"
    "The options above may also be set by environment variables, or in the file of --config;\n"
    "a flag wins over the environment, that over the file.\n"
    "\n"
    "Exit codes:\n"
    "  0  ok\n"
    "  1  internal error, or the answer could not be written\n"
    "  2  usage: wrong option, or a request that the server calls invalid\n"
    "  3  not found: galaxy, model, snapshot or file\n"
    "  4  refused by the server: ambiguous id, no snapshot, too busy, not allowed\n"
    "  5  server not reachable, or no answer in time\n"
    "An error is one line on standard error. Where several galaxies are asked for, those that\n"
    "have no answer are such lines, the others are answered, and the first line's code counts.";

}  // namespace

int main(int argc, char** argv) {
  using namespace peculiar::client;
  std::signal(SIGXFSZ, SIG_IGN);  // a file at the limit of its size is an error like a full disk
  CLI::App app{"Asks a Peculiar server which galaxies are strange, and what they are like.",
               "peculiar"};
  app.set_version_flag("--version", "peculiar " PECULIAR_VERSION);
  app.footer(kFooter);
  app.failure_message([](const CLI::App* root, const CLI::Error& error) {
    return ErrorLine(
        peculiar::InvalidArgument("{} (see peculiar --help)", WhatIsWrong(*root, error)));
  });
  app.fallthrough();  // the options below work after the subcommand too
  app.require_subcommand(1);
  GlobalOptions globals;
  ChosenCommand chosen;
  AddGlobalOptions(app, globals);
  AddAnomaliesCommand(app, chosen);
  AddNeighborsCommand(app, chosen);
  AddEmbeddingCommand(app, chosen);
  AddShowCommand(app, chosen);
  AddListCommand(app, chosen);
  AddExportCommand(app, chosen);
  AddDistributionCommand(app, chosen);
  AddRepeatsCommand(app, chosen);
  AddStatusCommand(app, chosen);
  AddModelsCommand(app, chosen);
  AddDoctorCommand(app, chosen);
  AddCompletionCommand(app, chosen);
  RequireUtf8(app);
  try {  // CLI11 reports usage by exceptions
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto settings = ReadSettings(globals);
  const auto failures = settings.ok() ? chosen.run(*settings) : std::vector{settings.status()};
  for (const absl::Status& failure : failures) fmt::print(stderr, "{}", ErrorLine(failure));
  return failures.empty() ? 0 : ExitCode(failures.front());
}
