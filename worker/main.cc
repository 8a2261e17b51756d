// peculiar-worker: from LOGCUBE files to a published snapshot, a verb a stage.

#include <fmt/format.h>

#include <cstdio>

#include "worker/command.h"
#include "worker/embed.h"
#include "worker/export.h"
#include "worker/export_weights.h"
#include "worker/feedback.h"
#include "worker/ingest.h"
#include "worker/publish.h"
#include "worker/reduce.h"
#include "worker/rollback.h"
#include "worker/run.h"
#include "worker/select.h"
#include "worker/simulate.h"
#include "worker/snapshots.h"
#include "worker/tag.h"
#include "worker/train.h"

int main(int argc, char** argv) {
  using namespace peculiar::worker;
  CLI::App app{"Peculiar's worker: reads LOGCUBE files, trains, scores and publishes."};
  app.set_version_flag("--version", PECULIAR_VERSION);
  app.footer(
      "Exit codes: 0 done, 1 internal error, 2 usage, 3 not found, 4 refused (data, state, space, "
      "interrupted), 5 try again.");
  app.require_subcommand(1);
  CommandResult result;
  AddSimulateCommand(app, result);
  AddSelectCommand(app, result);
  AddIngestCommand(app, result);
  AddTrainCommand(app, result);
  AddEmbedCommand(app, result);
  AddReduceCommand(app, result);
  AddFeedbackCommand(app, result);
  AddTagCommand(app, result);
  AddPublishCommand(app, result);
  AddRunCommand(app, result);
  AddExportCommand(app, result);
  AddExportWeightsCommand(app, result);
  AddRollbackCommand(app, result);
  AddSnapshotsCommand(app, result);
  try {  // CLI11 reports usage by exceptions
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!result.status.ok()) {
    fmt::print(stderr, "peculiar-worker: {}\n", peculiar::MessageOf(result.status));
  }
  return ExitCode(result.status);
}
