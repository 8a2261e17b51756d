#include "server/exports.h"

#include <utility>

#include "server/convert.h"

namespace peculiar::server {
namespace {

// Where a stream has come to.
struct Progress {
  EnginePointer engine;
  GalaxySelection selection;
  std::size_t next = 0;

  const std::string& model() const {
    return engine->snapshot().catalog().models[selection.model()].name;
  }
};

// Fills a message with rows by add_row(i) -> the row added, until it is full. True: rows are left.
template <typename Response, typename AddRow>
bool FillRows(Progress& progress, Response& response, const AddRow& add_row) {
  response.set_total_count(static_cast<int>(progress.selection.size()));
  response.set_snapshot_id(progress.engine->snapshot().id());
  response.set_model(progress.model());
  for (std::size_t bytes = 0; progress.next < progress.selection.size(); ++progress.next) {
    if (bytes >= kExportMessageBytes) return true;
    bytes += add_row(progress.next).ByteSizeLong();
  }
  return false;
}

}  // namespace

absl::StatusOr<GalaxiesExport::Fill> OpenExport(EnginePointer engine,
                                                const v1::ExportGalaxiesRequest& request) {
  PECULIAR_ASSIGN_OR_RETURN(const GalaxyQuery query, ToGalaxyQuery(request));
  PECULIAR_ASSIGN_OR_RETURN(GalaxySelection selection, engine->SelectGalaxies(query));
  return [progress = Progress{std::move(engine), std::move(selection)}](
             v1::ExportGalaxiesResponse& response) mutable {
    return FillRows(progress, response, [&](std::size_t i) -> const v1::ScoredGalaxy& {
      v1::ScoredGalaxy& row = *response.add_galaxies();
      const GalaxySelection& selection = progress.selection;
      ToProto(progress.engine->ScoredGalaxy(selection.model(), selection.row(i)), row);
      return row;
    });
  };
}

absl::StatusOr<EmbeddingsExport::Fill> OpenExport(EnginePointer engine,
                                                  const v1::ExportEmbeddingsRequest& request) {
  PECULIAR_ASSIGN_OR_RETURN(const GalaxyQuery query, ToGalaxyQuery(request));
  PECULIAR_ASSIGN_OR_RETURN(GalaxySelection selection, engine->SelectGalaxies(query));
  PECULIAR_ASSIGN_OR_RETURN(const std::size_t space,
                            engine->ResolveSpace(selection.model(), request.space()));
  return [progress = Progress{std::move(engine), std::move(selection)},
          space](v1::ExportEmbeddingsResponse& response) mutable {
    const std::size_t model = progress.selection.model();
    response.set_space(progress.engine->snapshot().spaces(model)[space].name);
    return FillRows(progress, response, [&](std::size_t i) -> const v1::Embedding& {
      v1::Embedding& row = *response.add_embeddings();
      ToProto(progress.engine->Embedding(model, space, progress.selection.row(i)), row);
      return row;
    });
  };
}

}  // namespace peculiar::server
