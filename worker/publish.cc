#include "worker/publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "core/base/json.h"
#include "core/dataset/dataset.h"
#include "core/network/checkpoint.h"
#include "core/snapshot/builder.h"
#include "worker/describe_dataset.h"
#include "worker/embeddings.h"
#include "worker/leave_out.h"
#include "worker/progress.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

constexpr std::int64_t kStepsBesideVectors = 8;

// Embeddings must be of the dataset and the checkpoint that are there now.
absl::Status CheckSource(const std::string& model, const EmbeddingSource& found,
                         const EmbeddingSource& expected, const std::filesystem::path& workspace) {
  const auto stale = [&](std::string_view what, std::string_view old, std::string_view now) {
    return FailedPrecondition(
        "the embeddings of model {} were made from {} {}, which now is {}: run peculiar-worker "
        "embed --workspace {} --model {} again",
        model, what, old, now, workspace.string(), model);
  };
  if (found.dataset_digest != expected.dataset_digest) {
    return stale("dataset", found.dataset_digest, expected.dataset_digest);
  }
  if (found.checkpoint_digest != expected.checkpoint_digest) {
    return stale("checkpoint", found.checkpoint_digest, expected.checkpoint_digest);
  }
  return absl::OkStatus();
}

absl::StatusOr<ModelEmbeddings> ReadModel(const Workspace& workspace, const Dataset& dataset,
                                          const std::string& model) {
  PECULIAR_ASSIGN_OR_RETURN(const auto model_folder, workspace.ModelFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.EmbeddingsFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const EmbeddingsManifest manifest, ReadEmbeddingsManifest(folder));
  PECULIAR_ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(model_folder));
  PECULIAR_RETURN_IF_ERROR(
      CheckSource(model, manifest.source, {dataset.digest(), checkpoint.sha256}, workspace.root()));
  PECULIAR_ASSIGN_OR_RETURN(ModelEmbeddings embeddings, ReadEmbeddings(folder));
  if (embeddings.scores.size() != dataset.size()) {
    return DataLoss("{} has {} galaxies, the dataset {}", folder.string(), embeddings.scores.size(),
                    dataset.size());
  }
  return embeddings;
}

absl::StatusOr<std::vector<ModelEmbeddings>> ReadModels(const Workspace& workspace,
                                                        const Dataset& dataset,
                                                        const std::vector<std::string>& names) {
  std::vector<ModelEmbeddings> models;
  for (const std::string& name : names) {
    PECULIAR_ASSIGN_OR_RETURN(ModelEmbeddings model, ReadModel(workspace, dataset, name));
    models.push_back(std::move(model));
  }
  return models;
}

// The models to publish; those without embeddings go to `skipped` when none were named.
absl::StatusOr<std::vector<std::string>> ChooseModels(const Workspace& workspace,
                                                      const std::vector<std::string>& named,
                                                      std::vector<std::string>& skipped) {
  if (!named.empty()) return named;
  std::vector<std::string> models;
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<std::string> all, workspace.ModelNames());
  for (const std::string& model : all) {
    PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.EmbeddingsFolder(model));
    const bool absent = absl::IsNotFound(ReadEmbeddingsManifest(folder).status());
    (absent ? skipped : models).push_back(model);
  }
  if (models.empty()) {
    return NotFound("no model in {} has embeddings: run peculiar-worker embed first",
                    workspace.models_folder().string());
  }
  return models;
}

// Adds a model to the content; `embeddings` must outlive it.
void AddModel(const std::string& name, bool is_default, const ModelEmbeddings& embeddings,
              SnapshotContent& content) {
  const EmbeddingsManifest& manifest = embeddings.manifest;
  content.catalog.models.push_back({.name = name,
                                    .kind = manifest.kind,
                                    .preset = manifest.preset,
                                    .seed = manifest.seed,
                                    .digest = manifest.source.checkpoint_digest,
                                    .dimension = static_cast<int>(manifest.dimension),
                                    .is_default = is_default,
                                    .training_json = manifest.training_json});
  content.models.push_back({embeddings.matrix(), embeddings.scores});
}

absl::StatusOr<PublishResult> PublishWithProgress(SnapshotContent content,
                                                  const std::filesystem::path& folder) {
  Progress progress(
      "publish", kStepsBesideVectors + static_cast<std::int64_t>(content.models.size()), "steps");
  PublishOptions options;
  options.before_step = [&](PublishStep step) {
    progress.Advance(1, PublishStepName(step));
    return absl::OkStatus();
  };
  return PublishSnapshot(std::move(content), folder, options);
}

void PrintReport(const PublishVerbReport& report, bool as_json) {
  if (as_json) {
    const Json json = {{"snapshot", report.id},          {"unchanged", report.unchanged},
                       {"galaxies", report.galaxies},    {"excluded", report.excluded},
                       {"models", report.models},        {"skipped_models", report.skipped},
                       {"not_finite", report.not_finite}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("snapshot  {}{}\n", report.id, report.unchanged ? " (unchanged)" : "");
  fmt::print("galaxies  {} ({} excluded)\n", report.galaxies, report.excluded);
  if (report.not_finite > 0) {
    fmt::print("          {} of them left out now: their embeddings are not finite\n",
               report.not_finite);
  }
  fmt::print("models    {}\n", fmt::join(report.models, ", "));
  if (!report.skipped.empty()) {
    fmt::print("skipped   {} (no embeddings)\n", fmt::join(report.skipped, ", "));
  }
}

}  // namespace

absl::StatusOr<PublishVerbReport> RunPublish(const PublishVerbOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace, Workspace::Open(options.workspace));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset, Dataset::Open(workspace.dataset_folder()));
  PublishVerbReport report;
  PECULIAR_ASSIGN_OR_RETURN(report.models, ChooseModels(workspace, options.models, report.skipped));
  const std::string default_model =
      options.default_model.empty() ? report.models.front() : options.default_model;
  const auto found = std::find(report.models.begin(), report.models.end(), default_model);
  if (found == report.models.end()) {
    return InvalidArgument("the default model {} is not among those published: {}", default_model,
                           fmt::join(report.models, ", "));
  }
  std::rotate(report.models.begin(), found, found + 1);
  SnapshotContent content;
  content.dataset_digest = dataset.digest();
  content.survey_release = options.survey_release;
  content.spaxel_side = dataset.crop_size();
  PECULIAR_ASSIGN_OR_RETURN(content.catalog, DescribeDataset(dataset));
  PECULIAR_ASSIGN_OR_RETURN(std::vector<ModelEmbeddings> embeddings,
                            ReadModels(workspace, dataset, report.models));
  report.not_finite = LeaveOutNotFinite(content.catalog, embeddings);
  if (content.catalog.galaxies.empty()) {
    return DataLoss(
        "no galaxy has a finite embedding by {}: train again, for example with another "
        "seed or a lower learning rate",
        fmt::join(report.models, " and "));
  }
  report.galaxies = content.catalog.galaxies.size();
  report.excluded = content.catalog.excluded.size();
  for (std::size_t i = 0; i < embeddings.size(); ++i) {
    AddModel(report.models[i], report.models[i] == default_model, embeddings[i], content);
  }
  PECULIAR_ASSIGN_OR_RETURN(const PublishResult result,
                            PublishWithProgress(std::move(content), workspace.snapshots_folder()));
  report.id = result.id;
  report.unchanged = result.unchanged;
  return report;
}

void AddPublishCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    PublishVerbOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("publish", "Make a snapshot and serve it");
  const auto flags = std::make_shared<Flags>();
  verb->add_option("--workspace", flags->options.workspace, "the workspace")->required();
  verb->add_option("--model", flags->options.models,
                   "names of models; default: all with embeddings");
  verb->add_option("--default", flags->options.default_model,
                   "model that answers when a request names none; default: the first");
  verb->add_option("--survey-release", flags->options.survey_release,
                   "release of the survey's data, kept with the snapshot: \"DR17 v3_1_1\"");
  verb->add_option("-o,--output", flags->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  verb->callback([flags, &result] {
    const absl::StatusOr<PublishVerbReport> report = RunPublish(flags->options);
    result.status = report.status();
    if (report.ok()) PrintReport(*report, flags->output == "json");
  });
}

}  // namespace peculiar::worker
