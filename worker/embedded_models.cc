#include "worker/embedded_models.h"

#include "worker/embeddings.h"

namespace peculiar::worker {

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

}  // namespace peculiar::worker
