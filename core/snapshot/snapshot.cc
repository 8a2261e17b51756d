#include "core/snapshot/snapshot.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/base/stop.h"
#include "core/snapshot/layout.h"

namespace peculiar {
namespace {

static_assert(std::endian::native == std::endian::little, ".f32 files are little-endian");

// Names of every file but the manifest, sorted.
std::vector<std::string> ExpectedFiles(const Manifest& manifest) {
  std::vector<std::string> names = {std::string(kCatalogFile)};
  for (std::size_t i = 0; i < manifest.models.size(); ++i) {
    const std::string& model = manifest.models[i].name;
    for (const CatalogSpace& space : manifest.spaces[i]) {
      names.push_back(IndexFile(model, space.name));
      names.push_back(NeighborsFile(model, space.name));
      if (space.name != kEmbeddingSpace) names.push_back(TransformFile(model, space.name));
    }
    names.push_back(EmbeddingsFile(model));
    names.push_back(SpaxelMapsFile(model));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> DigestOf(std::span<const std::byte> bytes,
                                     const std::stop_token& stop) {
  constexpr std::size_t kPiece = 16 << 20;  // hashed in some 50 ms
  Sha256 digest;
  while (!bytes.empty()) {
    PECULIAR_RETURN_IF_ERROR(CheckStop(stop));
    const std::size_t size = std::min(kPiece, bytes.size());
    digest.Update(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return digest.Hex();
}

absl::Status VerifyFile(const std::filesystem::path& folder, const ManifestFile& expected,
                        VerifyMode mode, const std::stop_token& stop) {
  const std::filesystem::path path = folder / expected.name;
  PECULIAR_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  if (file.bytes().size() != expected.bytes) {
    return DataLoss("{} has {} bytes, expected {}", path.string(), file.bytes().size(),
                    expected.bytes);
  }
  if (mode == VerifyMode::kSizes) return absl::OkStatus();
  PECULIAR_ASSIGN_OR_RETURN(const std::string digest, DigestOf(file.bytes(), stop));
  if (digest != expected.sha256) {
    return DataLoss("{} has SHA-256 {}, expected {}", path.string(), digest, expected.sha256);
  }
  return absl::OkStatus();
}

absl::Status VerifyFiles(const std::filesystem::path& folder, const Manifest& manifest,
                         VerifyMode mode, const std::stop_token& stop) {
  std::vector<std::string> listed;
  for (const ManifestFile& file : manifest.files) listed.push_back(file.name);
  if (const auto expected = ExpectedFiles(manifest); listed != expected) {
    return DataLoss("{} lists the files {}, expected {}", (folder / kManifestFile).string(),
                    fmt::join(listed, " "), fmt::join(expected, " "));
  }
  for (const ManifestFile& file : manifest.files) {
    PECULIAR_RETURN_IF_ERROR(VerifyFile(folder, file, mode, stop));
  }
  return absl::OkStatus();
}

// The catalogue repeats what the manifest says; both must tell the same.
absl::Status CheckAgainstManifest(const CatalogContent& catalog, const Manifest& manifest,
                                  const std::filesystem::path& path) {
  if (static_cast<std::int64_t>(catalog.galaxies.size()) != manifest.galaxy_count ||
      static_cast<std::int64_t>(catalog.excluded.size()) != manifest.excluded_count) {
    return DataLoss("{} has {} galaxies and {} excluded, expected {} and {}", path.string(),
                    catalog.galaxies.size(), catalog.excluded.size(), manifest.galaxy_count,
                    manifest.excluded_count);
  }
  if (catalog.models != manifest.models || catalog.spaces != manifest.spaces ||
      catalog.lines != manifest.lines) {
    return DataLoss("{} has other models, spaces or lines than {}", path.string(), kManifestFile);
  }
  return absl::OkStatus();
}

absl::Status CheckFloats(const std::filesystem::path& path, const MappedFile& file,
                         std::size_t expected) {
  if (file.bytes().size() == expected * sizeof(float)) return absl::OkStatus();
  return DataLoss("{} has {} bytes, expected {} values of 4", path.string(), file.bytes().size(),
                  expected);
}

}  // namespace

absl::StatusOr<VerifyMode> ParseVerifyMode(std::string_view name) {
  if (name == "full") return VerifyMode::kFull;
  if (name == "sizes") return VerifyMode::kSizes;
  return InvalidArgument("unknown way to verify '{}', expected full or sizes", name);
}

absl::StatusOr<Snapshot> Snapshot::Open(const std::filesystem::path& folder, VerifyMode mode,
                                        const std::stop_token& stop) {
  return OpenAs(folder, folder.filename().string(), mode, stop);
}

absl::StatusOr<Snapshot> Snapshot::OpenAs(const std::filesystem::path& folder, std::string_view id,
                                          VerifyMode mode, const std::stop_token& stop) {
  Snapshot snapshot;
  snapshot.id_ = id;
  PECULIAR_ASSIGN_OR_RETURN(snapshot.manifest_, ReadSnapshotManifest(folder, id));
  PECULIAR_RETURN_IF_ERROR(VerifyFiles(folder, snapshot.manifest_, mode, stop));
  PECULIAR_ASSIGN_OR_RETURN(snapshot.catalog_, ReadCatalog(folder / kCatalogFile, stop));
  PECULIAR_RETURN_IF_ERROR(
      CheckAgainstManifest(snapshot.catalog_, snapshot.manifest_, folder / kCatalogFile));
  for (std::size_t model = 0; model < snapshot.manifest_.models.size(); ++model) {
    PECULIAR_RETURN_IF_ERROR(snapshot.OpenModel(folder, model, mode, stop));
  }
  return snapshot;
}

absl::StatusOr<Snapshot::Space> Snapshot::OpenSpace(const std::filesystem::path& folder,
                                                    const std::string& model,
                                                    const CatalogSpace& space, VerifyMode mode,
                                                    const std::stop_token& stop) const {
  PECULIAR_RETURN_IF_ERROR(CheckStop(stop));
  const std::filesystem::path index_path = folder / IndexFile(model, space.name);
  PECULIAR_ASSIGN_OR_RETURN(VectorIndex index, VectorIndex::Load(index_path));
  if (index.size() != size() || static_cast<int>(index.dim()) != space.width) {
    return DataLoss("{} has {} vectors of {}, expected {} of {}", index_path.string(), index.size(),
                    index.dim(), size(), space.width);
  }
  const NeighborCheck check =
      mode == VerifyMode::kFull ? NeighborCheck::kDistances : NeighborCheck::kStructure;
  PECULIAR_ASSIGN_OR_RETURN(
      NeighborFile neighbors,
      NeighborFile::Open(folder / NeighborsFile(model, space.name), index.vectors(), check, stop));
  Space opened{std::move(index), std::move(neighbors), "{}"};
  if (space.name == kEmbeddingSpace) return opened;
  constexpr std::size_t kMaxBytes = 256 << 20;
  const std::filesystem::path path = folder / TransformFile(model, space.name);
  PECULIAR_ASSIGN_OR_RETURN(opened.transform_json, ReadFile(path, kMaxBytes));
  PECULIAR_ASSIGN_OR_RETURN(const Json transform, ParseJson(opened.transform_json, path.string()));
  if (!transform.is_object()) return DataLoss("{} is not a JSON object", path.string());
  return opened;
}

absl::Status Snapshot::OpenModel(const std::filesystem::path& folder, std::size_t model,
                                 VerifyMode mode, const std::stop_token& stop) {
  const std::string& name = manifest_.models[model].name;
  std::vector<Space> spaces;
  for (const CatalogSpace& space : catalog_.spaces[model]) {
    PECULIAR_ASSIGN_OR_RETURN(Space opened, OpenSpace(folder, name, space, mode, stop));
    spaces.push_back(std::move(opened));
  }
  const std::filesystem::path embeddings_path = folder / EmbeddingsFile(name);
  PECULIAR_ASSIGN_OR_RETURN(const MappedFile embeddings, MappedFile::Open(embeddings_path));
  const Matrix vectors = spaces[0].index.vectors();
  PECULIAR_RETURN_IF_ERROR(CheckFloats(embeddings_path, embeddings, vectors.rows * vectors.width));
  if (std::memcmp(embeddings.bytes().data(), vectors.values, embeddings.bytes().size()) != 0) {
    return DataLoss("{} holds other vectors than {}", embeddings_path.string(),
                    IndexFile(name, kEmbeddingSpace));
  }
  const std::filesystem::path maps_path = folder / SpaxelMapsFile(name);
  PECULIAR_ASSIGN_OR_RETURN(MappedFile maps, MappedFile::Open(maps_path));
  const auto side = static_cast<std::size_t>(manifest_.spaxel_side);
  PECULIAR_RETURN_IF_ERROR(CheckFloats(maps_path, maps, size() * side * side));
  models_.push_back({std::move(spaces), std::move(maps)});
  return absl::OkStatus();
}

std::optional<std::size_t> Snapshot::FindModel(std::string_view name) const {
  for (std::size_t i = 0; i < manifest_.models.size(); ++i) {
    if (manifest_.models[i].name == name) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> Snapshot::FindSpace(std::size_t model, std::string_view name) const {
  for (std::size_t i = 0; i < spaces(model).size(); ++i) {
    if (spaces(model)[i].name == name) return i;
  }
  return std::nullopt;
}

Matrix Snapshot::spaxel_maps(std::size_t model) const {
  const auto side = static_cast<std::size_t>(manifest_.spaxel_side);
  const std::byte* bytes = models_[model].spaxel_maps.bytes().data();
  return {reinterpret_cast<const float*>(bytes), size(), side * side};
}

}  // namespace peculiar
