#include "worker/reduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "core/index/neighbor_scan.h"
#include "core/projection/quality.h"
#include "core/projection/transform_json.h"
#include "worker/embedded_models.h"
#include "worker/embeddings.h"
#include "worker/progress.h"
#include "worker/survey_tables.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

constexpr int kMeasured = 15;  // neighbours of trustworthiness and continuity

std::vector<std::size_t> FiniteRows(Matrix matrix) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    if (IsFinite(matrix.row(row))) rows.push_back(row);
  }
  return rows;
}

Coordinates RowsOf(Matrix matrix, const std::vector<std::size_t>& rows) {
  Coordinates chosen{{}, rows.size(), matrix.width};
  for (const std::size_t row : rows) {
    const auto values = matrix.row(row);
    chosen.values.insert(chosen.values.end(), values.begin(), values.end());
  }
  return chosen;
}

// As many rows as `all`; NaN but in `rows`.
SpaceCoordinates Spread(std::string name, const Coordinates& coordinates,
                        const std::vector<std::size_t>& rows, std::size_t all) {
  SpaceCoordinates space;
  space.name = std::move(name);
  space.width = coordinates.width;
  space.values.assign(all * space.width, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto values = coordinates.matrix().row(i);
    std::copy(values.begin(), values.end(),
              space.values.begin() + static_cast<std::ptrdiff_t>(rows[i] * space.width));
  }
  return space;
}

using Lists = std::vector<NeighborList>;

// Neighbours by which a space of n galaxies is measured; 0 where the measures are not defined.
int MeasuredOf(std::size_t n) {
  return n < 5 ? 0 : std::min(kMeasured, (static_cast<int>(n) - 1) / 2);
}

// How well a space keeps the neighbours of the embeddings. lists: neighbours of the measured rows
// in the embeddings.
absl::Status Measure(Matrix embeddings, const Lists& lists, Matrix coordinates, int threads,
                     SpaceCoordinates& space) {
  const int k = MeasuredOf(embeddings.rows);
  if (k == 0) return absl::OkStatus();
  const std::vector<std::size_t> rows = MeasuredRows(embeddings.rows);
  PECULIAR_ASSIGN_OR_RETURN(const Lists near, NearestOfRows(coordinates, rows, k, threads));
  PECULIAR_ASSIGN_OR_RETURN(space.trustworthiness,
                            Trustworthiness(embeddings, rows, near, k, threads));
  PECULIAR_ASSIGN_OR_RETURN(space.continuity, Continuity(coordinates, rows, lists, k, threads));
  return absl::OkStatus();
}

// What the coordinates are a function of, beside the embeddings.
Json OptionsJson(const ReduceOptions& options) {
  return {{"pca", {{"n_components", options.pca.n_components}}},
          {"umap", OptionsToJson(options.umap)}};
}

ReducedModel Summarise(const std::string& model, const ModelCoordinates& coordinates) {
  ReducedModel summary;
  summary.model = model;
  summary.galaxies = coordinates.rows;
  for (std::size_t i = 0; i < coordinates.spaces.size(); ++i) {
    const SpaceCoordinates& space = coordinates.spaces[i];
    if (i == 0) summary.not_finite = coordinates.rows - FiniteRows(coordinates.matrix(i)).size();
    summary.spaces.push_back(
        {space.name, space.width,
         std::accumulate(space.explained_variance.begin(), space.explained_variance.end(), 0.0),
         space.trustworthiness, space.continuity});
  }
  return summary;
}

absl::StatusOr<ReducedModel> ReduceModel(const Workspace& workspace, const std::string& model,
                                         const ReduceOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const auto embeddings_folder, workspace.EmbeddingsFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.CoordinatesFolder(model));
  if (absl::IsNotFound(ReadEmbeddingsManifest(embeddings_folder).status())) {
    return NotFound("it has no embeddings: run peculiar-worker embed first");
  }
  PECULIAR_ASSIGN_OR_RETURN(const ModelEmbeddings embeddings, ReadEmbeddings(embeddings_folder));
  PECULIAR_ASSIGN_OR_RETURN(const std::string digest, DigestOfEmbeddings(embeddings_folder));
  ModelCoordinates made;
  made.source = {embeddings.manifest.source.dataset_digest,
                 embeddings.manifest.source.checkpoint_digest, digest};
  made.rows = embeddings.manifest.rows;
  made.options_json = OptionsJson(options).dump();
  if (const auto found = ReadCoordinates(folder);
      found.ok() && found->source == made.source && found->options_json == made.options_json) {
    ReducedModel summary = Summarise(model, *found);
    summary.kept = true;
    return summary;
  }
  PECULIAR_ASSIGN_OR_RETURN(made.spaces, ReduceEmbeddings(embeddings.matrix(), options));
  PECULIAR_RETURN_IF_ERROR(WriteCoordinates(folder, made));
  return Summarise(model, made);
}

void PrintTable(const ReduceReport& report) {
  fmt::print("{:<16} {:<6} {:>9} {:>10} {:>6} {:>11} {:>16} {:>11}\n", "model", "space", "galaxies",
             "not finite", "width", "explained", "trustworthiness", "continuity");
  const auto figure = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.4f}", *value) : std::string("-");
  };
  for (const ReducedModel& model : report.models) {
    for (const ReducedSpace& space : model.spaces) {
      fmt::print("{:<16} {:<6} {:>9} {:>10} {:>6} {:>11} {:>16} {:>11}{}\n", model.model,
                 space.name, model.galaxies, model.not_finite, space.width,
                 space.name == "pca" ? fmt::format("{:.1f} %", 100 * space.explained) : "-",
                 figure(space.trustworthiness), figure(space.continuity),
                 model.kept ? "  (kept)" : "");
    }
    if (model.spaces.empty()) fmt::print("{:<16} too few galaxies to place\n", model.model);
  }
}

}  // namespace

absl::StatusOr<std::vector<SpaceCoordinates>> ReduceEmbeddings(Matrix embeddings,
                                                               const ReduceOptions& options) {
  std::vector<SpaceCoordinates> spaces;
  const std::vector<std::size_t> rows = FiniteRows(embeddings);
  if (rows.size() < 2) return spaces;
  const Coordinates points = RowsOf(embeddings, rows);
  const std::size_t measured = static_cast<std::size_t>(std::max(1, MeasuredOf(rows.size())));
  PECULIAR_ASSIGN_OR_RETURN(
      const Lists point_lists,
      NearestOfRows(points.matrix(), MeasuredRows(rows.size()), measured, options.threads));
  PECULIAR_ASSIGN_OR_RETURN(const PcaModel pca, FitPca(points.matrix(), options.pca));
  PECULIAR_ASSIGN_OR_RETURN(const Coordinates components, TransformPca(pca, points.matrix()));
  spaces.push_back(Spread("pca", components, rows, embeddings.rows));
  spaces.back().explained_variance = pca.explained_variance_ratio;
  spaces.back().transform_json = TransformToJson(pca).dump();
  PECULIAR_RETURN_IF_ERROR(
      Measure(points.matrix(), point_lists, components.matrix(), options.threads, spaces.back()));

  const auto others =
      static_cast<std::size_t>(options.umap.n_neighbors - 1);  // it counts the point
  PECULIAR_ASSIGN_OR_RETURN(const Lists component_lists,
                            NearestOfAll(components.matrix(), others, options.threads));
  PECULIAR_ASSIGN_OR_RETURN(const UmapModel umap, FitUmap(components.matrix(), component_lists,
                                                          options.umap, options.threads));
  spaces.push_back(Spread("umap", umap.coordinates, rows, embeddings.rows));
  spaces.back().transform_json = TransformToJson(umap).dump();
  const Matrix placed = umap.coordinates.matrix();
  PECULIAR_RETURN_IF_ERROR(
      Measure(points.matrix(), point_lists, placed, options.threads, spaces.back()));
  return spaces;
}

absl::StatusOr<ReduceReport> RunReduce(const ReduceOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace, Workspace::Open(options.workspace));
  std::vector<std::string> models = options.models;
  if (models.empty()) {
    std::vector<std::string> skipped;
    PECULIAR_ASSIGN_OR_RETURN(models, EmbeddedModels(workspace, skipped));
  }
  ReduceReport report;
  Progress progress("reduce", static_cast<std::int64_t>(models.size()), "models");
  for (const std::string& model : models) {
    absl::StatusOr<ReducedModel> reduced = ReduceModel(workspace, model, options);
    if (!reduced.ok()) return Annotate(reduced.status(), fmt::format("reduce model {}", model));
    reduced->kept ? progress.Skip(1) : progress.Advance();
    report.models.push_back(*std::move(reduced));
  }
  return report;
}

void AddReduceFlags(CLI::App& verb, ReduceOptions& options) {
  UmapOptions& umap = options.umap;
  constexpr const char* kGroup = "Projections";
  const auto add = [&](const std::string& flag, auto& target, const std::string& text) {
    return verb.add_option(flag, target, text)->capture_default_str()->group(kGroup);
  };
  add("--pca-components", options.pca.n_components, "components at most")
      ->check(CLI::PositiveNumber);
  add("--umap-components", umap.n_components, "dimensions of the UMAP")->check(CLI::Range(1, 8));
  add("--n-neighbors", umap.n_neighbors, "UMAP: neighbours of a galaxy, itself counted")
      ->check(CLI::Range(2, 1000));
  add("--min-dist", umap.min_dist, "UMAP: distance of close galaxies")
      ->check(CLI::NonNegativeNumber);
  add("--spread", umap.spread, "UMAP: scale")->check(CLI::PositiveNumber);
  add("--umap-epochs", umap.n_epochs, "UMAP: 0 = 500 up to 10,000 galaxies, 200 beyond")
      ->check(CLI::NonNegativeNumber);
  add("--negative-sample-rate", umap.negative_sample_rate, "UMAP: pushes a pull")
      ->check(CLI::NonNegativeNumber);
  add("--umap-seed", umap.seed, "UMAP: seed");
}

Json ToJson(const ReduceReport& report) {
  const auto figure = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  Json models = Json::array();
  for (const ReducedModel& model : report.models) {
    Json spaces = Json::array();
    for (const ReducedSpace& space : model.spaces) {
      spaces.push_back({{"space", space.name},
                        {"width", space.width},
                        {"explained", space.explained},
                        {"trustworthiness", figure(space.trustworthiness)},
                        {"continuity", figure(space.continuity)}});
    }
    models.push_back({{"model", model.model},
                      {"galaxies", model.galaxies},
                      {"not_finite", model.not_finite},
                      {"kept", model.kept},
                      {"spaces", std::move(spaces)}});
  }
  return {{"models", std::move(models)}};
}

void AddReduceCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    ReduceOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand(
      "reduce", "Principal components and UMAP of embeddings, the spaces that publish adds");
  const auto flags = std::make_shared<Flags>();
  verb->add_option("--workspace", flags->options.workspace, "the workspace")->required();
  verb->add_option("--model", flags->options.models, "names of models; default: all");
  AddReduceFlags(*verb, flags->options);
  verb->add_option("--threads", flags->options.threads, "0 = all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    const absl::StatusOr<ReduceReport> report = RunReduce(flags->options);
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
