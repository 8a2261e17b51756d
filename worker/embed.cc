#include "worker/embed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

#include "core/base/file.h"
#include "core/dataset/dataset.h"
#include "core/embedding/score.h"
#include "core/train/metrics.h"
#include "worker/choice.h"
#include "worker/embeddings.h"
#include "worker/progress.h"
#include "worker/survey_tables.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

// The rows of the dataset that lie in one shard.
struct ShardRows {
  std::size_t shard = 0;
  std::size_t first = 0;
  std::size_t count = 0;
};

// In row order. INTERNAL unless every shard holds consecutive rows in its order: parts are read
// back one after the other as the rows of the dataset.
absl::StatusOr<std::vector<ShardRows>> RowsByShard(const Dataset& dataset) {
  std::vector<ShardRows> shards;
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const SampleEntry& entry = dataset.entry(i);
    if (entry.row == 0) shards.push_back({entry.shard, i, 0});
    if (shards.empty() || shards.back().shard != entry.shard || shards.back().count != entry.row ||
        entry.shard != shards.size() - 1) {
      return Internal("galaxy {} is in shard {} row {}: out of the dataset's order",
                      entry.galaxy.plateifu, entry.shard, entry.row);
    }
    ++shards.back().count;
  }
  return shards;
}

// Embeds and scores rows [first, first + n) in one pass and appends them to the part.
absl::Status EmbedRows(const Dataset& dataset, Embedder& embedder, std::size_t first, std::size_t n,
                       EmbeddingPart& part) {
  const auto size = static_cast<std::size_t>(dataset.crop_size());
  std::vector<float> cubes;
  cubes.reserve(n * dataset.sample(first).flux.size());
  std::vector<ScoreSums> sums;
  sums.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    const SampleView sample = dataset.sample(first + i);
    cubes.insert(cubes.end(), sample.flux.begin(), sample.flux.end());
    sums.emplace_back(ScoredSample{.input = sample.flux,
                                   .ivar = sample.ivar,
                                   .mask = sample.mask,
                                   .channels_per_line = kWindowChannels,
                                   .spaxels = size * size});
  }
  const auto add = [&](std::size_t cube, int, std::span<const float> image) {
    sums[cube].AddChannel(image);
  };
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<float> latent, embedder.Embed(cubes, n, add));
  part.embeddings.insert(part.embeddings.end(), latent.begin(), latent.end());
  for (const ScoreSums& sum : sums) part.scores.push_back(sum.Finish());
  return absl::OkStatus();
}

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
                                                 const Dataset& dataset) {
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
  manifest.source = {dataset.digest(), checkpoint.sha256};
  manifest.dimension = static_cast<std::size_t>(config.latent);
  manifest.rows = dataset.size();
  manifest.training_json = TrainingFigures(checkpoint, metrics).dump();
  return manifest;
}

// One model being embedded: makes the parts that are not there yet.
class ModelEmbedding {
 public:
  ModelEmbedding(const Dataset& dataset, std::filesystem::path model_folder,
                 std::filesystem::path folder, const EmbedVerbOptions& options,
                 const EmbeddingsManifest& manifest)
      : dataset_(dataset),
        model_folder_(std::move(model_folder)),
        folder_(std::move(folder)),
        options_(options),
        source_(manifest.source),
        progress_("embed " + manifest.model, static_cast<std::int64_t>(dataset.size()),
                  "galaxies") {}

  // The entry of the shard's part: an earlier run's, or made now when that one is missing, of
  // another source, or broken.
  absl::StatusOr<EmbeddingPartEntry> FindOrMake(const ShardRows& rows) {
    absl::StatusOr<EmbeddingPartEntry> found =
        FindEmbeddingPart(folder_, rows.shard, rows.count, source_);
    if (!found.ok()) return Make(rows);
    rows_kept_ += rows.count;
    progress_.Skip(static_cast<std::int64_t>(rows.count));
    return found;
  }

  std::size_t rows_kept() const { return rows_kept_; }

 private:
  absl::StatusOr<EmbeddingPartEntry> Make(const ShardRows& rows) {
    if (!embedder_) {
      PECULIAR_ASSIGN_OR_RETURN(embedder_, Embedder::Open(model_folder_, options_.embedder));
    }
    EmbeddingPart part;
    part.shard = rows.shard;
    part.dimension = static_cast<std::size_t>(embedder_->config().latent);
    for (std::size_t done = 0; done < rows.count;) {
      const std::size_t n = std::min(options_.embedder.batch_size, rows.count - done);
      PECULIAR_RETURN_IF_ERROR(EmbedRows(dataset_, *embedder_, rows.first + done, n, part));
      done += n;
      progress_.Advance(static_cast<std::int64_t>(n));
    }
    return WriteEmbeddingPart(folder_, part, source_);
  }

  const Dataset& dataset_;
  const std::filesystem::path model_folder_;
  const std::filesystem::path folder_;
  const EmbedVerbOptions& options_;
  const EmbeddingSource source_;
  std::optional<Embedder> embedder_;  // opened when there is something to embed
  std::size_t rows_kept_ = 0;
  Progress progress_;
};

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

absl::StatusOr<EmbeddedModel> EmbedModel(const std::string& model, const Workspace& workspace,
                                         const Dataset& dataset,
                                         const std::vector<ShardRows>& shards,
                                         const EmbedVerbOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path model_folder, workspace.ModelFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path folder, workspace.EmbeddingsFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(EmbeddingsManifest manifest,
                            DescribeModel(model, model_folder, dataset));
  PECULIAR_RETURN_IF_ERROR(CreateFolder(folder));
  std::size_t rows_kept = 0;
  {
    ModelEmbedding embedding(dataset, model_folder, folder, options, manifest);
    for (const ShardRows& rows : shards) {
      PECULIAR_ASSIGN_OR_RETURN(EmbeddingPartEntry part, embedding.FindOrMake(rows));
      manifest.parts.push_back(std::move(part));
    }
    rows_kept = embedding.rows_kept();
  }
  PECULIAR_RETURN_IF_ERROR(WriteEmbeddingsManifest(folder, manifest));
  PECULIAR_ASSIGN_OR_RETURN(EmbeddedModel summary, Summarise(model, folder));
  summary.rows_kept = rows_kept;
  return summary;
}

void PrintTable(const EmbedVerbReport& report) {
  fmt::print("{:<16} {:>9} {:>6} {:>9} {:>12} {:>10}\n", "model", "galaxies", "kept", "dimension",
             "mean mae", "not finite");
  for (const EmbeddedModel& model : report.models) {
    fmt::print("{:<16} {:>9} {:>6} {:>9} {:>12.5g} {:>10}\n", model.model, model.rows,
               model.rows_kept, model.dimension, model.mean_mae, model.not_finite);
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
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace, Workspace::Open(options.workspace));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset,
                            Dataset::Open(workspace.dataset_folder(), ShardCheck::kVerify));
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<ShardRows> shards, RowsByShard(dataset));
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
    models.push_back({{"model", model.model},
                      {"rows", model.rows},
                      {"rows_kept", model.rows_kept},
                      {"dimension", model.dimension},
                      {"not_finite", model.not_finite},
                      {"mean_mae", model.mean_mae}});
  }
  return {{"models", models}};
}

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
  verb->add_option("--engine", embedder.engine,
                   "fused: the CPU; scan: LibTorch, on a GPU; reference: LibTorch, slowest")
      ->capture_default_str();
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    const absl::StatusOr<EmbedVerbReport> report = RunEmbed(flags->options);
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
