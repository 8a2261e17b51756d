#include "worker/publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <tuple>
#include <utility>

#include "core/base/json.h"
#include "core/dataset/dataset.h"
#include "core/snapshot/builder.h"
#include "worker/coordinates.h"
#include "worker/describe_dataset.h"
#include "worker/embedded_models.h"
#include "worker/embeddings.h"
#include "worker/leave_out.h"
#include "worker/progress.h"
#include "worker/relevance_file.h"
#include "worker/tags.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

constexpr std::int64_t kStepsBesideVectors = 8;

absl::Status PutDefaultFirst(const std::string& named, std::vector<std::string>& models) {
  const auto found =
      named.empty() ? models.begin() : std::find(models.begin(), models.end(), named);
  if (found == models.end()) {
    return InvalidArgument("the default model {} is not among those published: {}", named,
                           fmt::join(models, ", "));
  }
  std::rotate(models.begin(), found, found + 1);
  return absl::OkStatus();
}

// What publish reads of the models, in their order.
struct ModelArtefacts {
  std::vector<ModelEmbeddings> embeddings;
  std::vector<ModelCoordinates> coordinates;  // without spaces where there are none
  std::vector<ModelRelevance> relevance;      // without values where there is none
};

absl::StatusOr<ModelCoordinates> ReadModelCoordinates(const Workspace& workspace,
                                                      const ModelEmbeddings& embeddings) {
  const std::string& model = embeddings.manifest.model;
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.CoordinatesFolder(model));
  absl::StatusOr<ModelCoordinates> coordinates = ReadCoordinates(folder);
  if (absl::IsNotFound(coordinates.status())) return ModelCoordinates();
  PECULIAR_RETURN_IF_ERROR(coordinates.status());
  PECULIAR_ASSIGN_OR_RETURN(const auto embeddings_folder, workspace.EmbeddingsFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const std::string digest, DigestOfEmbeddings(embeddings_folder));
  const EmbeddingSource& source = embeddings.manifest.source;
  const CoordinatesSource& found = coordinates->source;
  const std::tuple<std::string_view, std::string_view, std::string_view> inputs[] = {
      {"dataset", found.dataset_digest, source.dataset_digest},
      {"checkpoint", found.checkpoint_digest, source.checkpoint_digest},
      {"embeddings", found.embeddings_digest, digest}};
  for (const auto& [what, old, now] : inputs) {
    if (old == now) continue;
    return FailedPrecondition(
        "the coordinates of model {} were made from {} {}, which now is {}: run peculiar-worker "
        "reduce --workspace {} --model {} again",
        model, what, old, now, workspace.root().string(), model);
  }
  if (coordinates->rows != embeddings.scores.size()) {
    return DataLoss("{} has {} galaxies, the embeddings {}", folder.string(), coordinates->rows,
                    embeddings.scores.size());
  }
  return coordinates;
}

absl::StatusOr<ModelRelevance> ReadModelRelevance(const Workspace& workspace,
                                                  const ModelEmbeddings& embeddings) {
  const std::string& model = embeddings.manifest.model;
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.ModelFolder(model));
  absl::StatusOr<ModelRelevance> relevance = ReadRelevance(folder);
  if (absl::IsNotFound(relevance.status())) return ModelRelevance();
  PECULIAR_RETURN_IF_ERROR(relevance.status());
  if (relevance->source == embeddings.manifest.source &&
      relevance->values.size() == embeddings.scores.size()) {
    return relevance;
  }
  return FailedPrecondition(
      "the relevance of model {} was learned from other embeddings than those that are there now: "
      "run peculiar-worker feedback --workspace {} --model {} with its labels again, or remove {}",
      model, workspace.root().string(), model, (folder / kRelevanceName).string());
}

// Where a relevance comes from, for the catalogue.
std::string RelevanceJson(const ModelRelevance& relevance) {
  if (relevance.values.empty()) return "";
  Json galaxies = Json::array();
  for (const GalaxyLabel& label : relevance.labels.labels) {
    galaxies.push_back({{"plateifu", label.plateifu},
                        {"interesting", label.interesting},
                        {"reason", label.reason}});
  }
  return Json{{"labels_sha256", relevance.labels_sha256},
              {"learned_on", FeatureChoiceName(relevance.learned_on)},
              {"fit", ToJson(relevance.facts)},
              {"labels", std::move(galaxies)}}
      .dump();
}

absl::StatusOr<ModelArtefacts> ReadModels(const Workspace& workspace, const Dataset& dataset,
                                          PublishVerbReport& report) {
  ModelArtefacts models;
  for (const std::string& name : report.models) {
    PECULIAR_ASSIGN_OR_RETURN(ModelEmbeddings model,
                              ReadPresentEmbeddings(workspace, dataset, name));
    PECULIAR_ASSIGN_OR_RETURN(ModelCoordinates coordinates, ReadModelCoordinates(workspace, model));
    PECULIAR_ASSIGN_OR_RETURN(ModelRelevance relevance, ReadModelRelevance(workspace, model));
    if (coordinates.spaces.empty()) report.latent_only.push_back(name);
    if (!relevance.values.empty()) report.with_relevance.push_back(name);
    models.relevance.push_back(std::move(relevance));
    models.embeddings.push_back(std::move(model));
    models.coordinates.push_back(std::move(coordinates));
  }
  return models;
}

// Adds the models to the content, the default one first; `models` must outlive it.
void AddModels(const PublishVerbReport& report, const ModelArtefacts& models,
               SnapshotContent& content) {
  for (std::size_t i = 0; i < report.models.size(); ++i) {
    const ModelEmbeddings& embeddings = models.embeddings[i];
    const EmbeddingsManifest& manifest = embeddings.manifest;
    content.catalog.models.push_back({.name = report.models[i],
                                      .kind = manifest.kind,
                                      .preset = manifest.preset,
                                      .seed = manifest.seed,
                                      .digest = manifest.source.checkpoint_digest,
                                      .dimension = static_cast<int>(manifest.dimension),
                                      .is_default = i == 0,
                                      .training_json = manifest.training_json,
                                      .relevance_json = RelevanceJson(models.relevance[i])});
    std::vector<SpaceContent> spaces;
    const ModelCoordinates& coordinates = models.coordinates[i];
    for (std::size_t space = 0; space < coordinates.spaces.size(); ++space) {
      const SpaceCoordinates& made = coordinates.spaces[space];
      spaces.push_back({made.name, coordinates.matrix(space), made.explained_variance,
                        made.trustworthiness, made.continuity, made.transform_json});
    }
    content.models.push_back(
        {embeddings.matrix(), embeddings.scores, std::move(spaces), models.relevance[i].values});
  }
}

// Puts the workspace's tags into the catalogue, whose galaxies and excluded ones are complete.
absl::Status AddTags(const Workspace& workspace, CatalogContent& catalog) {
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<Tag> tags, ReadTags(workspace.tags_folder()));
  for (const Tag& tag : tags) {
    std::vector<std::string> unknown;
    catalog.tags.push_back(PlaceTag(tag, catalog, unknown));
    if (unknown.empty()) continue;
    return FailedPrecondition(
        "tag {} has galaxy {}{}, which the dataset does not have: run peculiar-worker tag "
        "--workspace {} --name {} with another list, or with --remove {}",
        tag.name, unknown.front(),
        unknown.size() > 1 ? fmt::format(" and {} more", unknown.size() - 1) : "",
        workspace.root().string(), tag.name, tag.name);
  }
  return absl::OkStatus();
}

absl::StatusOr<PublishResult> PublishWithProgress(SnapshotContent content,
                                                  const std::filesystem::path& folder,
                                                  int threads) {
  Progress progress(
      "publish", kStepsBesideVectors + static_cast<std::int64_t>(content.models.size()), "steps");
  PublishOptions options;
  options.threads = threads;
  options.before_step = [&](PublishStep step) {
    progress.Advance(1, PublishStepName(step));
    return absl::OkStatus();
  };
  return PublishSnapshot(std::move(content), folder, options);
}

void PrintReport(const PublishVerbReport& report, bool as_json) {
  if (as_json) {
    const Json json = {{"snapshot", report.id},
                       {"unchanged", report.unchanged},
                       {"galaxies", report.galaxies},
                       {"excluded", report.excluded},
                       {"models", report.models},
                       {"skipped_models", report.skipped},
                       {"not_finite", report.not_finite},
                       {"latent_only_models", report.latent_only},
                       {"models_with_relevance", report.with_relevance},
                       {"tags", report.tags}};
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
  if (!report.latent_only.empty()) {
    fmt::print("spaces    {} in latent only: there are no coordinates (peculiar-worker reduce)\n",
               fmt::join(report.latent_only, ", "));
  }
  if (!report.with_relevance.empty()) {
    fmt::print("relevance {}\n", fmt::join(report.with_relevance, ", "));
  }
  if (report.tags > 0) fmt::print("tags      {}\n", report.tags);
  if (!report.skipped.empty()) {
    fmt::print("skipped   {} (no embeddings)\n", fmt::join(report.skipped, ", "));
  }
}

}  // namespace

absl::StatusOr<PublishVerbReport> RunPublish(const PublishVerbOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace, Workspace::Open(options.workspace));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset, Dataset::Open(workspace.dataset_folder()));
  PublishVerbReport report;
  report.models = options.models;
  if (report.models.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(report.models, EmbeddedModels(workspace, report.skipped));
  }
  PECULIAR_RETURN_IF_ERROR(PutDefaultFirst(options.default_model, report.models));
  SnapshotContent content;
  content.dataset_digest = dataset.digest();
  content.survey_release = options.survey_release;
  content.spaxel_side = dataset.crop_size();
  PECULIAR_ASSIGN_OR_RETURN(content.catalog, DescribeDataset(dataset));
  PECULIAR_ASSIGN_OR_RETURN(ModelArtefacts models, ReadModels(workspace, dataset, report));
  report.not_finite =
      LeaveOutNotFinite(content.catalog, models.embeddings, models.coordinates, models.relevance);
  if (content.catalog.galaxies.empty()) {
    return DataLoss(
        "no galaxy has a finite embedding by {}: train again, for example with another "
        "seed or a lower learning rate",
        fmt::join(report.models, " and "));
  }
  PECULIAR_RETURN_IF_ERROR(AddTags(workspace, content.catalog));
  report.galaxies = content.catalog.galaxies.size();
  report.excluded = content.catalog.excluded.size();
  report.tags = content.catalog.tags.size();
  AddModels(report, models, content);
  PECULIAR_ASSIGN_OR_RETURN(
      const PublishResult result,
      PublishWithProgress(std::move(content), workspace.snapshots_folder(), options.threads));
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
  verb->add_option("--threads", flags->options.threads, "0 = all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
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
