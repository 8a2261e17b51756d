#include "worker/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "worker/network_choice.h"
#include "worker/process_place.h"

namespace peculiar::worker {
namespace {

absl::Status Ingest(const RunVerbOptions& options, RunVerbReport& report) {
  IngestOptions ingest = options.ingest;
  ingest.workspace = options.workspace;
  ingest.threads = options.train.training.threads;
  PECULIAR_ASSIGN_OR_RETURN(report.ingest, RunIngest(ingest));
  PrintRefused(report.ingest);
  return StatusOf(report.ingest);
}

absl::Status Train(const RunVerbOptions& options, RunVerbReport& report) {
  TrainVerbOptions train = options.train;
  train.workspace = options.workspace;
  for (const ModelKind kind : options.models) {
    train.network.kind = kind;
    train.model = ModelKindName(kind);
    PECULIAR_ASSIGN_OR_RETURN(TrainVerbReport trained, RunTrain(train));
    report.training.push_back(std::move(trained));
    PECULIAR_RETURN_IF_ERROR(StatusOf(report.training.back()));
  }
  return absl::OkStatus();
}

std::vector<std::string> NamesOf(const std::vector<ModelKind>& models) {
  std::vector<std::string> names;
  for (const ModelKind kind : models) names.emplace_back(ModelKindName(kind));
  return names;
}

absl::Status Embed(const RunVerbOptions& options, RunVerbReport& report) {
  const TrainOptions& training = options.train.training;
  EmbedVerbOptions embed{.workspace = options.workspace, .models = NamesOf(options.models)};
  embed.embedder.device = training.device;
  embed.embedder.threads = training.threads;
  embed.embedder.memory_limit = training.memory_limit;
  embed.embedder.engine = training.engine;
  embed.embedder.precision = training.precision;
  PECULIAR_ASSIGN_OR_RETURN(report.embedding, RunEmbed(embed));
  return absl::OkStatus();
}

absl::Status Reduce(const RunVerbOptions& options, RunVerbReport& report) {
  ReduceOptions reduce = options.reduce;
  reduce.workspace = options.workspace;
  reduce.models = NamesOf(options.models);
  reduce.threads = options.train.training.threads;
  PECULIAR_ASSIGN_OR_RETURN(report.reduction, RunReduce(reduce));
  return absl::OkStatus();
}

absl::Status Publish(const RunVerbOptions& options, RunVerbReport& report) {
  PublishVerbOptions publish{.workspace = options.workspace,
                             .models = NamesOf(options.models),
                             .survey_release = options.survey_release,
                             .threads = options.train.training.threads};
  PECULIAR_ASSIGN_OR_RETURN(report.publishing, RunPublish(publish));
  return absl::OkStatus();
}

// What several processes do together is the training: each would do all the other stages as well.
absl::Status CheckAlone() {
  PECULIAR_ASSIGN_OR_RETURN(const std::optional<ProcessPlace> place, ReadProcessPlace(std::getenv));
  if (!place) return absl::OkStatus();
  return InvalidArgument(
      "WORLD_SIZE is {}, but run is for one process: use ingest, train (which several do "
      "together), embed, reduce and publish",
      place->size);
}

void PrintReport(const RunVerbReport& report, bool as_json) {
  if (as_json) {
    Json training = Json::array();
    for (const TrainVerbReport& one : report.training) training.push_back(ToJson(one));
    const Json json = {{"ingest", IngestReportToJson(report.ingest)},
                       {"train", training},
                       {"embed", ToJson(report.embedding)},
                       {"reduce", ToJson(report.reduction)},
                       {"snapshot", report.publishing.id},
                       {"unchanged", report.publishing.unchanged}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("dataset   {} galaxies, {} left out\n", report.ingest.build.galaxies,
             report.ingest.build.excluded.size());
  for (std::size_t i = 0; i < report.training.size(); ++i) {
    const TrainReport& training = report.training[i].training;
    fmt::print("model     {}: {} epochs, test loss {:.5g} -> {:.5g}, mean mae {:.5g}\n",
               report.training[i].model, training.epochs, training.first.test_loss.value_or(0),
               training.last.test_loss.value_or(0), report.embedding.models[i].mean_mae);
  }
  fmt::print("snapshot  {}{}\n", report.publishing.id,
             report.publishing.unchanged ? " (unchanged)" : "");
}

}  // namespace

absl::StatusOr<RunVerbReport> RunAll(const RunVerbOptions& options) {
  if (options.models.empty())
    return InvalidArgument("no models to train: expected ae, vae or both");
  for (std::size_t i = 0; i < options.models.size(); ++i) {
    if (std::count(options.models.begin(), options.models.end(), options.models[i]) > 1) {
      return InvalidArgument("model {} is named twice", ModelKindName(options.models[i]));
    }
  }
  RunVerbReport report;
  PECULIAR_RETURN_IF_ERROR(Annotate(Ingest(options, report), "ingest"));
  PECULIAR_RETURN_IF_ERROR(Annotate(Train(options, report), "train"));
  PECULIAR_RETURN_IF_ERROR(Annotate(Embed(options, report), "embed"));
  PECULIAR_RETURN_IF_ERROR(Annotate(Reduce(options, report), "reduce"));
  PECULIAR_RETURN_IF_ERROR(Annotate(Publish(options, report), "publish"));
  return report;
}

void AddRunCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    RunVerbOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("run", "All stages: ingest, train, embed, reduce, publish");
  const auto flags = std::make_shared<Flags>();
  RunVerbOptions& options = flags->options;
  verb->add_option("--workspace", options.workspace, "the workspace; made when absent")->required();
  AddSurveyFlags(*verb, options.ingest.survey);
  verb->add_option("--cubes", options.ingest.cubes, "folder of LOGCUBE files, as ingest takes it")
      ->required();
  verb->add_option("--lines", options.ingest.lines, "line list, as ingest takes it");
  AddKindFlag(*verb, "--models", options.models, "one or both; default: ae,vae")->delimiter(',');
  AddTrainingFlags(*verb, options.train);
  AddReduceFlags(*verb, options.reduce);
  verb->add_option("--survey-release", options.survey_release,
                   "release of the survey's data, kept with the snapshot: \"DR17 v3_1_1\"");
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    result.status = CheckAlone();
    if (!result.status.ok()) return;
    const absl::StatusOr<RunVerbReport> report = RunAll(flags->options);
    result.status = report.status();
    if (report.ok()) PrintReport(*report, flags->output == "json");
  });
}

}  // namespace peculiar::worker
