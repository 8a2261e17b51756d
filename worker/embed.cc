#include "worker/embed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <span>

#include "core/base/file.h"
#include "core/cuda/gpus.h"
#include "core/dataset/dataset.h"
#include "core/embedding/score.h"
#include "core/train/metrics.h"
#include "worker/choice.h"
#include "worker/embedding_parts.h"
#include "worker/embeddings.h"
#include "worker/process_place.h"
#include "worker/survey_tables.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

// What embeddings.json says of the training.
Json TrainingFigures(const Checkpoint& checkpoint, const std::vector<EpochMetrics>& metrics) {
  Json figures = {{"epochs", checkpoint.position.epoch},
                  {"steps", checkpoint.position.total_steps}};
  for (const char* key : {"options", "dataset"}) {
    if (checkpoint.state.contains(key)) figures[key] = checkpoint.state[key];
  }
  if (!metrics.empty()) {
    figures["before_training"] = ToJson(metrics.front());
    // With patience the weights are those of the best epoch.
    const bool best = checkpoint.state.value("finished", false);
    const int epoch = best ? checkpoint.state.value("best_epoch", 0) : metrics.back().epoch;
    for (const EpochMetrics& line : metrics) {
      if (line.epoch == epoch) figures["last_epoch"] = ToJson(line);
    }
  }
  return figures;
}

absl::StatusOr<EmbeddingsManifest> DescribeModel(const std::string& model,
                                                 const std::filesystem::path& folder,
                                                 const Dataset& dataset, Precision precision) {
  PECULIAR_ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(folder));
  if (checkpoint.position.total_steps == 0) {
    return FailedPrecondition("it has not been trained a single step: run peculiar-worker train");
  }
  const NetworkConfig& config = checkpoint.config;
  PECULIAR_RETURN_IF_ERROR(CheckModelFits(config, dataset));
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<EpochMetrics> metrics,
                            ReadMetrics(folder / kMetricsName));
  EmbeddingsManifest manifest;
  manifest.model = model;
  manifest.kind = ModelKindName(config.kind);
  manifest.preset = config.preset;
  PECULIAR_ASSIGN_OR_RETURN(const Json options, JsonField<Json>(checkpoint.state, "options"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.seed, JsonField<std::int64_t>(options, "seed"));
  manifest.source = {dataset.digest(), checkpoint.sha256, std::string(PrecisionName(precision))};
  manifest.dimension = static_cast<std::size_t>(config.latent);
  manifest.rows = dataset.size();
  manifest.training_json = TrainingFigures(checkpoint, metrics).dump();
  return manifest;
}

// The figures of the report, from what was written.
absl::StatusOr<EmbeddedModel> Summarise(const std::string& model,
                                        const std::filesystem::path& folder) {
  PECULIAR_ASSIGN_OR_RETURN(const ModelEmbeddings written, ReadEmbeddings(folder));
  EmbeddedModel summary;
  summary.model = model;
  summary.rows = written.manifest.rows;
  summary.dimension = written.manifest.dimension;
  double sum = 0;
  std::size_t finite = 0;
  for (const Scores& scores : written.scores) {
    const bool all_finite =
        std::isfinite(scores.mae) && std::isfinite(scores.chi) && std::isfinite(scores.relative);
    summary.not_finite += all_finite ? 0 : 1;
    if (!std::isfinite(scores.mae)) continue;
    sum += scores.mae;
    ++finite;
  }
  summary.mean_mae =
      finite > 0 ? sum / static_cast<double>(finite) : std::numeric_limits<double>::quiet_NaN();
  return summary;
}

// `shards`: those of the share, or all.
absl::StatusOr<EmbeddedModel> EmbedModel(const std::string& model, const Workspace& workspace,
                                         const Dataset& dataset, std::span<const ShardRows> shards,
                                         const EmbedVerbOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path model_folder, workspace.ModelFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path folder, workspace.EmbeddingsFolder(model));
  // Before the lock, which leaves a file.
  PECULIAR_RETURN_IF_ERROR(LoadCheckpoint(model_folder).status());
  PECULIAR_ASSIGN_OR_RETURN(
      const FileLock lock,
      workspace.LockModel(model, options.share ? LockMode::kShared : LockMode::kAlone));
  PECULIAR_ASSIGN_OR_RETURN(EmbeddingsManifest manifest, DescribeModel(model, model_folder, dataset,
                                                                       options.embedder.precision));
  PECULIAR_RETURN_IF_ERROR(CreateFolder(folder));
  std::size_t rows_kept = 0;
  if (options.merge) {
    rows_kept = CountRows(shards);
    // Whatever it is, when all parts are of one.
    if (auto named = PrecisionOfPart(folder, shards[0].shard); named.ok()) {
      manifest.source.precision = *std::move(named);
    }
    PECULIAR_ASSIGN_OR_RETURN(manifest.parts, FindAllParts(folder, shards, manifest.source));
  } else {
    PECULIAR_ASSIGN_OR_RETURN(
        manifest.parts, FindOrMakeParts(dataset, model_folder, folder, shards, options.embedder,
                                        manifest, rows_kept));
  }
  if (options.share) {
    return EmbeddedModel{.model = model,
                         .rows = CountRows(shards),
                         .rows_kept = rows_kept,
                         .dimension = manifest.dimension,
                         .mean_mae = std::numeric_limits<double>::quiet_NaN(),
                         .share = options.share};
  }
  PECULIAR_RETURN_IF_ERROR(WriteEmbeddingsManifest(folder, manifest));
  PECULIAR_ASSIGN_OR_RETURN(EmbeddedModel summary, Summarise(model, folder));
  summary.rows_kept = rows_kept;
  return summary;
}

// Those of the share.
absl::StatusOr<std::span<const ShardRows>> ShareOf(const std::vector<ShardRows>& shards,
                                                   const std::optional<Share>& share) {
  if (!share) return shards;
  if (share->count > shards.size()) {
    return InvalidArgument(
        "{} shards of a dataset of {} galaxies in {} files, expected at most {}: ingest "
        "--galaxies-per-shard makes more files",
        share->count, CountRows(shards), shards.size(), shards.size());
  }
  const Range range = RangeOf(*share, shards.size());
  return std::span(shards).subspan(range.first, range.end - range.first);
}

void PrintTable(const EmbedVerbReport& report) {
  fmt::print("{:<16} {:>9} {:>6} {:>9} {:>12} {:>10}\n", "model", "galaxies", "kept", "dimension",
             "mean mae", "not finite");
  for (const EmbeddedModel& model : report.models) {
    const bool whole = !model.share;  // the figures are of all galaxies or not there
    fmt::print("{:<16} {:>9} {:>6} {:>9} {:>12} {:>10}\n", model.model, model.rows, model.rows_kept,
               model.dimension, whole ? fmt::format("{:.5g}", model.mean_mae) : "-",
               whole ? fmt::format("{}", model.not_finite) : "-");
  }
}

// Models with a checkpoint: a training that ended before its first one leaves a folder without.
absl::StatusOr<std::vector<std::string>> TrainedModels(const Workspace& workspace) {
  PECULIAR_ASSIGN_OR_RETURN(std::vector<std::string> models, workspace.ModelNames());
  std::erase_if(models, [&](const std::string& model) {
    const auto checkpoint = LoadCheckpoint(workspace.models_folder() / model);
    if (!checkpoint.ok()) return absl::IsNotFound(checkpoint.status());  // damage is told later
    return checkpoint->position.total_steps == 0;
  });
  return models;
}

}  // namespace

absl::Status CheckModelFits(const NetworkConfig& config, const Dataset& dataset) {
  if (config.channels == dataset.channels() && config.size == dataset.crop_size()) {
    return absl::OkStatus();
  }
  return FailedPrecondition("the model takes {} channels of {} x {}, the dataset has {} of {} x {}",
                            config.channels, config.size, config.size, dataset.channels(),
                            dataset.crop_size(), dataset.crop_size());
}

absl::StatusOr<EmbedVerbReport> RunEmbed(const EmbedVerbOptions& options) {
  if (options.embedder.batch_size < 1) return InvalidArgument("batch is 0, at least 1 expected");
  if (options.merge && options.share) return InvalidArgument("one share cannot merge all");
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace,
                            Workspace::Open(options.workspace, WorkspaceAccess::kModels));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset, Dataset::Open(workspace.dataset_folder()));
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<ShardRows> all_shards, RowsByShard(dataset));
  PECULIAR_ASSIGN_OR_RETURN(const auto shards, ShareOf(all_shards, options.share));
  std::vector<std::string> models = options.models;
  if (models.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(models, TrainedModels(workspace));
  }
  if (models.empty()) {
    return NotFound("no model in {}: train one first", workspace.models_folder().string());
  }
  EmbedVerbReport report;
  for (const std::string& model : models) {
    absl::StatusOr<EmbeddedModel> embedded = EmbedModel(model, workspace, dataset, shards, options);
    if (!embedded.ok()) return Annotate(embedded.status(), fmt::format("embed model {}", model));
    report.models.push_back(*std::move(embedded));
  }
  return report;
}

Json ToJson(const EmbedVerbReport& report) {
  Json models = Json::array();
  for (const EmbeddedModel& model : report.models) {
    Json& json = models.emplace_back(Json{{"model", model.model},
                                          {"rows", model.rows},
                                          {"rows_kept", model.rows_kept},
                                          {"dimension", model.dimension}});
    if (model.share) {
      json["shard"] = fmt::format("{}/{}", model.share->index, model.share->count);
    } else {
      json["not_finite"] = model.not_finite;
      json["mean_mae"] = model.mean_mae;
    }
  }
  return {{"models", models}};
}

namespace {

void AddShareFlags(CLI::App& verb, EmbedVerbOptions& options) {
  const auto check = [](const std::string& text) {
    const auto share = ParseShare(text);
    return share.ok() ? std::string() : std::string(MessageOf(share.status()));
  };
  CLI::Option* shard =
      verb.add_option_function<std::string>(
              "--shard", [&options](const std::string& text) { options.share = *ParseShare(text); },
              "embed only this share of the galaxies, the first is 0/N, beside other processes")
          ->check(check)
          ->type_name("I/N");
  verb.add_flag("--merge", options.merge,
                "embed nothing: put together what --shard has made, when all of it is there")
      ->excludes(shard);
}

// Shards of one machine, as torchrun and Slurm start them, have a GPU each.
absl::StatusOr<EmbedVerbReport> RunOnItsGpu(EmbedVerbOptions options) {
  EmbedderOptions& embedder = options.embedder;
  if (embedder.engine != "fused" && embedder.device.kind != DeviceKind::kCpu) {
    PECULIAR_ASSIGN_OR_RETURN(embedder.device, ReadGpu(std::getenv, embedder.device, CountGpus()));
  }
  return RunEmbed(options);
}

}  // namespace

void AddEmbedCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    EmbedVerbOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("embed", "Embed and score every galaxy with trained models");
  const auto flags = std::make_shared<Flags>();
  EmbedderOptions& embedder = flags->options.embedder;
  verb->add_option("--workspace", flags->options.workspace, "the workspace")->required();
  verb->add_option("--model", flags->options.models, "names of models; default: all");
  verb->add_option("--batch", embedder.batch_size, "cubes at once")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  verb->add_option("--threads", embedder.threads, "0 = all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddDeviceFlag(*verb, embedder.device);
  AddMemoryLimitFlag(*verb, embedder.memory_limit);
  verb->add_option("--engine", embedder.engine,
                   "fused: the CPU; scan: LibTorch, on a GPU; reference: LibTorch, slowest")
      ->capture_default_str();
  AddPrecisionFlag(*verb, embedder.precision);
  AddShareFlags(*verb, flags->options);
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    const absl::StatusOr<EmbedVerbReport> report = RunOnItsGpu(flags->options);
    result.status = report.status();
    if (!report.ok()) return;
    if (flags->output == "json") {
      fmt::print("{}\n", ToJson(*report).dump(2));
    } else {
      PrintTable(*report);
    }
  });
}

}  // namespace peculiar::worker
