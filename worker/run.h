// peculiar-worker run: all stages after one another, from LOGCUBE files to a published snapshot:
// ingest, train, embed, reduce, publish. Every stage skips what an earlier run has done.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "worker/embed.h"
#include "worker/ingest.h"
#include "worker/publish.h"
#include "worker/reduce.h"
#include "worker/train.h"

namespace peculiar::worker {

struct RunVerbOptions {
  std::filesystem::path workspace;  // made when absent
  IngestOptions ingest;             // its workspace and threads are set from here
  TrainVerbOptions train;  // the same for every model; workspace, model, kind set from here
  std::vector<ModelKind> models = {ModelKind::kAe, ModelKind::kVae};  // each named as its kind
  ReduceOptions reduce;        // its workspace, models and threads are set from here
  std::string survey_release;  // see PublishVerbOptions
};

struct RunVerbReport {
  IngestReport ingest;
  std::vector<TrainVerbReport> training;  // one a model, up to the one that was interrupted
  EmbedVerbReport embedding;
  ReduceReport reduction;
  PublishVerbReport publishing;
};

// Errors are those of the stages, with the stage's name before them; CANCELLED when a signal
// stopped a training. Running it again goes on where it ended.
absl::StatusOr<RunVerbReport> RunAll(const RunVerbOptions& options);

void AddRunCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
