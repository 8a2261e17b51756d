#include "worker/embedded_models.h"

#include <fmt/format.h>

#include <string_view>

#include "core/network/checkpoint.h"

namespace peculiar::worker {

std::string Difference(const EmbeddingSource& made_from, const EmbeddingSource& now) {
  constexpr std::size_t kShown = 12;
  const auto differ = [](std::string_view what, std::string_view old, std::string_view present) {
    return fmt::format("{} {}, now {}", what, old.substr(0, kShown), present.substr(0, kShown));
  };
  if (made_from.dataset_digest != now.dataset_digest) {
    return differ("dataset", made_from.dataset_digest, now.dataset_digest);
  }
  if (made_from.checkpoint_digest != now.checkpoint_digest) {
    return differ("checkpoint", made_from.checkpoint_digest, now.checkpoint_digest);
  }
  if (made_from.precision != now.precision) {
    return differ("precision", made_from.precision, now.precision);
  }
  return "";
}

absl::StatusOr<std::vector<std::string>> EmbeddedModels(const Workspace& workspace,
                                                        std::vector<std::string>& skipped) {
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

absl::StatusOr<ModelEmbeddings> ReadPresentEmbeddings(const Workspace& workspace,
                                                      const Dataset& dataset,
                                                      const std::string& model) {
  PECULIAR_ASSIGN_OR_RETURN(const auto model_folder, workspace.ModelFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const auto folder, workspace.EmbeddingsFolder(model));
  PECULIAR_ASSIGN_OR_RETURN(const EmbeddingsManifest manifest, ReadEmbeddingsManifest(folder));
  PECULIAR_ASSIGN_OR_RETURN(const Checkpoint checkpoint, LoadCheckpoint(model_folder));
  const EmbeddingSource now{.dataset_digest = dataset.digest(),
                            .checkpoint_digest = checkpoint.sha256,
                            .precision = manifest.source.precision};  // any will do
  const std::string difference = Difference(manifest.source, now);
  if (!difference.empty()) {
    return FailedPrecondition(
        "the embeddings of model {} were made from {}: run peculiar-worker embed --workspace {} "
        "--model {} again",
        model, difference, workspace.root().string(), model);
  }
  PECULIAR_ASSIGN_OR_RETURN(ModelEmbeddings embeddings, ReadEmbeddings(folder));
  if (embeddings.scores.size() != dataset.size()) {
    return DataLoss("{} has {} galaxies, the dataset {}", folder.string(), embeddings.scores.size(),
                    dataset.size());
  }
  return embeddings;
}

}  // namespace peculiar::worker
