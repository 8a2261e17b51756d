#include "core/snapshot/model_files.h"

#include "core/base/file.h"
#include "core/index/vector_index.h"
#include "core/snapshot/layout.h"
#include "core/snapshot/neighbor_file.h"

namespace peculiar {
namespace {

absl::Status WriteFloats(const std::filesystem::path& path, std::span<const float> values) {
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  PECULIAR_RETURN_IF_ERROR(file.Write(std::as_bytes(values)));
  return file.Commit();
}

absl::Status WriteText(const std::filesystem::path& path, std::string_view text) {
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  PECULIAR_RETURN_IF_ERROR(file.Write(std::as_bytes(std::span(text))));
  return file.Commit();
}

absl::Status WriteSpaxelMaps(const std::filesystem::path& path, std::span<const Scores> scores) {
  PECULIAR_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  for (const Scores& galaxy : scores) {
    PECULIAR_RETURN_IF_ERROR(file.Write(AsBytes(galaxy.spaxel_map)));
  }
  return file.Commit();
}

// Index and neighbours of one space; the latter are given back, mapped.
absl::StatusOr<NeighborFile> WriteSpace(const std::filesystem::path& folder, std::string_view model,
                                        std::string_view space, Matrix coordinates,
                                        const PublishOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const VectorIndex index, VectorIndex::Build(coordinates));
  PECULIAR_RETURN_IF_ERROR(index.Save(folder / IndexFile(model, space)));
  const std::filesystem::path path = folder / NeighborsFile(model, space);
  PECULIAR_RETURN_IF_ERROR(
      WriteNeighborFile(path, coordinates, options.threads, options.known_neighbors));
  return NeighborFile::Open(path, coordinates, NeighborCheck::kStructure);
}

}  // namespace

absl::Status WriteModelFiles(const std::filesystem::path& folder, std::string_view model,
                             const SnapshotModelContent& content, const PublishOptions& options,
                             std::vector<CatalogSpace>& spaces) {
  std::vector<NeighborFile> neighbors;
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    const Matrix coordinates = i == 0 ? content.embeddings : content.spaces[i - 1].coordinates;
    PECULIAR_ASSIGN_OR_RETURN(NeighborFile file,
                              WriteSpace(folder, model, spaces[i].name, coordinates, options));
    neighbors.push_back(std::move(file));
    if (i > 0) {
      PECULIAR_RETURN_IF_ERROR(WriteText(folder / TransformFile(model, spaces[i].name),
                                         content.spaces[i - 1].transform_json));
    }
    for (std::size_t other = 0; other < i; ++other) {
      const double share = CommonNeighborShare(neighbors[other], neighbors[i]);
      spaces[i].agreement[other] = spaces[other].agreement[i] = share;
    }
  }
  const Matrix embeddings = content.embeddings;
  PECULIAR_RETURN_IF_ERROR(WriteFloats(folder / EmbeddingsFile(model),
                                       {embeddings.values, embeddings.rows * embeddings.width}));
  return WriteSpaxelMaps(folder / SpaxelMapsFile(model), content.scores);
}

}  // namespace peculiar
