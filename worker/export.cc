#include "worker/export.h"

#include <fmt/format.h>

#include <memory>

#include "core/dataset/dataset.h"
#include "core/model/embedder.h"
#include "worker/dataset_row.h"
#include "worker/embed.h"
#include "worker/npy.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

absl::StatusOr<EmbeddedCubes> EmbedSample(const Workspace& workspace, const std::string& model,
                                          const Dataset& dataset, std::size_t row) {
  PECULIAR_ASSIGN_OR_RETURN(const std::filesystem::path folder, workspace.ModelFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(Embedder embedder, Embedder::Open(folder));
  PECULIAR_RETURN_IF_ERROR(CheckModelFits(embedder.config(), dataset));
  return embedder.EmbedAndReconstruct(dataset.sample(row).flux, 1);
}

}  // namespace

absl::StatusOr<ExportReport> RunExport(const ExportOptions& options) {
  const std::string_view plateifu = StripGalaxyPrefix(options.plateifu);
  if (!IsPlateIfu(plateifu)) {
    return InvalidArgument("'{:.80}' is not a plate-IFU such as 8626-12704", options.plateifu);
  }
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace,
                            Workspace::Open(options.workspace, WorkspaceAccess::kRead));
  PECULIAR_ASSIGN_OR_RETURN(const Dataset dataset, Dataset::Open(workspace.dataset_folder()));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t row, RowOf(dataset, plateifu));
  const SampleView sample = dataset.sample(row);
  const auto size = static_cast<std::size_t>(dataset.crop_size());
  const std::size_t shape[] = {static_cast<std::size_t>(dataset.channels()), size, size};

  ExportReport report;
  const auto path = [&](std::string_view array) {
    return report.files.emplace_back(fmt::format("{}-{}.npy", options.prefix, array));
  };
  PECULIAR_RETURN_IF_ERROR(WriteNpy(path("flux"), shape, sample.flux));
  PECULIAR_RETURN_IF_ERROR(WriteNpy(path("ivar"), shape, sample.ivar));
  PECULIAR_RETURN_IF_ERROR(WriteNpyBool(path("mask"), shape, sample.mask));
  if (options.model.empty()) return report;
  PECULIAR_ASSIGN_OR_RETURN(const EmbeddedCubes embedded,
                            EmbedSample(workspace, options.model, dataset, row));
  const std::size_t dimension[] = {embedded.latent.size()};
  PECULIAR_RETURN_IF_ERROR(WriteNpy(path("reconstruction"), shape, embedded.reconstruction));
  PECULIAR_RETURN_IF_ERROR(WriteNpy(path("embedding"), dimension, embedded.latent));
  return report;
}

void AddExportCommand(CLI::App& app, CommandResult& result) {
  CLI::App* verb = app.add_subcommand("export", "Write one galaxy's arrays as .npy files");
  const auto options = std::make_shared<ExportOptions>();
  verb->add_option("--workspace", options->workspace, "the workspace")->required();
  verb->add_option("plateifu", options->plateifu, "PLATE-IFU, such as 8626-12704")->required();
  verb->add_option("--out", options->prefix, "PREFIX of PREFIX-flux.npy and so on")->required();
  verb->add_option("--model", options->model,
                   "also write this model's reconstruction and embedding");
  verb->callback([options, &result] {
    const absl::StatusOr<ExportReport> report = RunExport(*options);
    result.status = report.status();
    if (!report.ok()) return;
    for (const auto& file : report->files) fmt::print("{}\n", file.string());
  });
}

}  // namespace peculiar::worker
