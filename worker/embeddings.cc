#include "worker/embeddings.h"

#include <cmath>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/weights/tensor_file.h"

namespace peculiar::worker {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kManifestName = "embeddings.json";

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kDatasetKey = "dataset_digest";
constexpr std::string_view kCheckpointKey = "checkpoint_digest";
constexpr std::string_view kPrecisionKey = "precision";
constexpr std::string_view kContentKey = "content_sha256";
constexpr std::string_view kShardKey = "shard";

// Side of a square map of `size` values; 0 when it is not square.
std::size_t SideOf(std::size_t size) {
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(size))));
  return side * side == size ? side : 0;
}

// A part as it lies on disk.
struct PartView {
  TensorFile file;
  std::size_t rows = 0;
  std::size_t dimension = 0;
  std::size_t lines = 0;
  std::size_t spaxels = 0;  // of one map
  std::span<const float> embeddings;
  std::span<const double> mae, chi, relative, line_shares;
  std::span<const float> spaxel_maps;
};

// The extents of a tensor of `count` extents, or DATA_LOSS.
absl::StatusOr<std::vector<std::size_t>> Extents(const TensorFile& file, std::string_view name,
                                                 std::size_t count) {
  PECULIAR_ASSIGN_OR_RETURN(const NamedTensor tensor, file.Find(name));
  if (tensor.shape.size() != count) {
    return DataLoss("{}: tensor {} has shape {}, expected {} extents", file.path().string(), name,
                    ShapeText(tensor.shape), count);
  }
  return std::vector<std::size_t>(tensor.shape.begin(), tensor.shape.end());
}

absl::Status ReadTensors(PartView& part) {
  const TensorFile& file = part.file;
  PECULIAR_ASSIGN_OR_RETURN(const auto embedding, Extents(file, "embedding", 2));
  PECULIAR_ASSIGN_OR_RETURN(const auto shares, Extents(file, "line_shares", 2));
  PECULIAR_ASSIGN_OR_RETURN(const auto maps, Extents(file, "spaxel_map", 3));
  part.rows = embedding[0];
  part.dimension = embedding[1];
  part.lines = shares[1];
  part.spaxels = maps[1] * maps[2];
  PECULIAR_ASSIGN_OR_RETURN(part.embeddings, file.Find<float>("embedding"));
  PECULIAR_ASSIGN_OR_RETURN(part.mae, file.Find<double>("mae"));
  PECULIAR_ASSIGN_OR_RETURN(part.chi, file.Find<double>("chi"));
  PECULIAR_ASSIGN_OR_RETURN(part.relative, file.Find<double>("relative"));
  PECULIAR_ASSIGN_OR_RETURN(part.line_shares, file.Find<double>("line_shares"));
  PECULIAR_ASSIGN_OR_RETURN(part.spaxel_maps, file.Find<float>("spaxel_map"));
  if (part.rows < 1 || shares[0] != part.rows || maps[0] != part.rows || maps[1] != maps[2] ||
      part.mae.size() != part.rows || part.chi.size() != part.rows ||
      part.relative.size() != part.rows) {
    return DataLoss("{}: the tensors disagree in their number of galaxies, {} or {} or {} or {}",
                    file.path().string(), part.rows, shares[0], maps[0], part.mae.size());
  }
  return absl::OkStatus();
}

// SHA-256 of the tensors' values in order of their names: tells a part that was altered where no
// manifest lists it yet.
std::string ContentDigest(std::span<const NamedTensor> tensors) {
  std::map<std::string_view, std::span<const std::byte>> by_name;
  for (const NamedTensor& tensor : tensors) by_name[tensor.name] = tensor.bytes;
  Sha256 digest;
  for (const auto& [name, bytes] : by_name) digest.Update(bytes);
  return digest.Hex();
}

// Empty when the file has none of this key.
std::string MetadataOf(const TensorFile& file, std::string_view key) {
  const auto found = file.metadata().find(std::string(key));
  return found == file.metadata().end() ? "" : found->second;
}

// DATA_LOSS when a part says it belongs elsewhere or its values are not those that were written,
// FAILED_PRECONDITION when it was made from another source.
absl::Status CheckMetadata(const TensorFile& file, std::size_t shard,
                           const EmbeddingSource& source) {
  const auto value = [&](std::string_view key) { return MetadataOf(file, key); };
  if (value(kFormatKey) != std::to_string(kFormat) || value(kShardKey) != std::to_string(shard)) {
    return DataLoss("{} has format '{}' and shard '{}', expected {} and {}", file.path().string(),
                    value(kFormatKey), value(kShardKey), kFormat, shard);
  }
  if (value(kDatasetKey) != source.dataset_digest) {
    return FailedPrecondition("{} was made from dataset {}, expected {}", file.path().string(),
                              value(kDatasetKey), source.dataset_digest);
  }
  if (value(kCheckpointKey) != source.checkpoint_digest) {
    return FailedPrecondition("{} was made from checkpoint {}, expected {}", file.path().string(),
                              value(kCheckpointKey), source.checkpoint_digest);
  }
  if (value(kPrecisionKey) != source.precision) {
    return FailedPrecondition("{} was made in precision '{}', expected '{}'", file.path().string(),
                              value(kPrecisionKey), source.precision);
  }
  if (const std::string found = ContentDigest(file.tensors()); found != value(kContentKey)) {
    return DataLoss("{} holds values of SHA-256 {}, expected '{}'", file.path().string(), found,
                    value(kContentKey));
  }
  return absl::OkStatus();
}

absl::StatusOr<PartView> OpenPart(const std::filesystem::path& folder, std::size_t shard,
                                  const EmbeddingSource& source) {
  PECULIAR_ASSIGN_OR_RETURN(TensorFile file, TensorFile::Open(folder / EmbeddingPartFile(shard)));
  PECULIAR_RETURN_IF_ERROR(CheckMetadata(file, shard, source));
  PartView part{.file = std::move(file)};
  if (const absl::Status status = ReadTensors(part); !status.ok()) {
    return DataLoss("{}", MessageOf(status));
  }
  return part;
}

void AppendPart(const PartView& part, ModelEmbeddings& all) {
  all.embeddings.insert(all.embeddings.end(), part.embeddings.begin(), part.embeddings.end());
  for (std::size_t i = 0; i < part.rows; ++i) {
    Scores& scores = all.scores.emplace_back();
    scores.mae = part.mae[i];
    scores.chi = part.chi[i];
    scores.relative = part.relative[i];
    const auto shares = part.line_shares.subspan(i * part.lines, part.lines);
    scores.line_shares.assign(shares.begin(), shares.end());
    const auto map = part.spaxel_maps.subspan(i * part.spaxels, part.spaxels);
    scores.spaxel_map.assign(map.begin(), map.end());
  }
}

absl::Status CheckPart(const EmbeddingPart& part) {
  const std::size_t rows = part.rows();
  if (rows == 0 || part.dimension == 0 || part.embeddings.size() != rows * part.dimension) {
    return InvalidArgument("part {} has {} scores and {} values of embeddings of {}", part.shard,
                           rows, part.embeddings.size(), part.dimension);
  }
  for (const Scores& scores : part.scores) {
    if (scores.line_shares.empty() ||
        scores.line_shares.size() != part.scores[0].line_shares.size() ||
        scores.spaxel_map.size() != part.scores[0].spaxel_map.size() ||
        SideOf(scores.spaxel_map.size()) == 0) {
      return InvalidArgument("part {} has scores of {} lines and {} spaxels", part.shard,
                             scores.line_shares.size(), scores.spaxel_map.size());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<EmbeddingsManifest> FromJson(const Json& json) {
  EmbeddingsManifest manifest;
  PECULIAR_ASSIGN_OR_RETURN(const auto format, JsonField<int>(json, kFormatKey));
  if (format != kFormat) return DataLoss("format {}, expected {}", format, kFormat);
  PECULIAR_ASSIGN_OR_RETURN(manifest.model, JsonField<std::string>(json, "model"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.kind, JsonField<std::string>(json, "kind"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.preset, JsonField<std::string>(json, "preset"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.seed, JsonField<std::int64_t>(json, "seed"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.source.dataset_digest,
                            JsonField<std::string>(json, kDatasetKey));
  PECULIAR_ASSIGN_OR_RETURN(manifest.source.checkpoint_digest,
                            JsonField<std::string>(json, kCheckpointKey));
  if (json.contains(kPrecisionKey)) {
    PECULIAR_ASSIGN_OR_RETURN(manifest.source.precision,
                              JsonField<std::string>(json, kPrecisionKey));
  }
  PECULIAR_ASSIGN_OR_RETURN(manifest.dimension, JsonField<std::size_t>(json, "dimension"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.rows, JsonField<std::size_t>(json, "rows"));
  PECULIAR_ASSIGN_OR_RETURN(const Json training, JsonField<Json>(json, "training"));
  manifest.training_json = training.dump();
  PECULIAR_ASSIGN_OR_RETURN(const auto parts, JsonField<std::vector<Json>>(json, "parts"));
  for (const Json& element : parts) {
    EmbeddingPartEntry part;
    PECULIAR_ASSIGN_OR_RETURN(part.file, JsonField<std::string>(element, "file"));
    PECULIAR_ASSIGN_OR_RETURN(part.rows, JsonField<std::size_t>(element, "rows"));
    PECULIAR_ASSIGN_OR_RETURN(part.sha256, JsonField<std::string>(element, "sha256"));
    if (const auto expected = EmbeddingPartFile(manifest.parts.size()); part.file != expected) {
      return DataLoss("part '{}', expected {}", part.file, expected);
    }
    manifest.parts.push_back(std::move(part));
  }
  return manifest;
}

// One listed part, checked against its entry and the manifest.
absl::StatusOr<PartView> OpenListedPart(const std::filesystem::path& folder,
                                        const EmbeddingsManifest& manifest, std::size_t shard) {
  const EmbeddingPartEntry& entry = manifest.parts[shard];
  const std::filesystem::path path = folder / entry.file;
  PECULIAR_ASSIGN_OR_RETURN(const std::string sha256, Sha256OfFile(path));
  if (sha256 != entry.sha256) {
    return DataLoss("{} has SHA-256 {}, expected {}", path.string(), sha256, entry.sha256);
  }
  PECULIAR_ASSIGN_OR_RETURN(PartView part, OpenPart(folder, shard, manifest.source));
  if (part.rows != entry.rows || part.dimension != manifest.dimension) {
    return DataLoss("{} has {} embeddings of {}, expected {} of {}", path.string(), part.rows,
                    part.dimension, entry.rows, manifest.dimension);
  }
  return part;
}

}  // namespace

std::string EmbeddingPartFile(std::size_t shard) {
  return fmt::format("part-{:05}.safetensors", shard);
}

absl::StatusOr<EmbeddingPartEntry> WriteEmbeddingPart(const std::filesystem::path& folder,
                                                      const EmbeddingPart& part,
                                                      const EmbeddingSource& source) {
  PECULIAR_RETURN_IF_ERROR(CheckPart(part));
  const auto rows = static_cast<std::int64_t>(part.rows());
  const auto lines = static_cast<std::int64_t>(part.scores[0].line_shares.size());
  const auto side = static_cast<std::int64_t>(SideOf(part.scores[0].spaxel_map.size()));
  std::vector<double> mae, chi, relative, shares;
  std::vector<float> maps;
  for (const Scores& scores : part.scores) {
    mae.push_back(scores.mae);
    chi.push_back(scores.chi);
    relative.push_back(scores.relative);
    shares.insert(shares.end(), scores.line_shares.begin(), scores.line_shares.end());
    maps.insert(maps.end(), scores.spaxel_map.begin(), scores.spaxel_map.end());
  }
  const auto dimension = static_cast<std::int64_t>(part.dimension);
  const NamedTensor tensors[] = {
      MakeNamedTensor<float>("embedding", {rows, dimension}, part.embeddings),
      MakeNamedTensor<double>("mae", {rows}, mae),
      MakeNamedTensor<double>("chi", {rows}, chi),
      MakeNamedTensor<double>("relative", {rows}, relative),
      MakeNamedTensor<double>("line_shares", {rows, lines}, shares),
      MakeNamedTensor<float>("spaxel_map", {rows, side, side}, maps)};
  const TensorMetadata metadata = {{std::string(kFormatKey), std::to_string(kFormat)},
                                   {std::string(kShardKey), std::to_string(part.shard)},
                                   {std::string(kDatasetKey), source.dataset_digest},
                                   {std::string(kCheckpointKey), source.checkpoint_digest},
                                   {std::string(kPrecisionKey), source.precision},
                                   {std::string(kContentKey), ContentDigest(tensors)}};
  EmbeddingPartEntry entry{EmbeddingPartFile(part.shard), part.rows(), ""};
  PECULIAR_ASSIGN_OR_RETURN(entry.sha256, WriteTensorFile(folder / entry.file, tensors, metadata));
  return entry;
}

absl::StatusOr<EmbeddingPartEntry> FindEmbeddingPart(const std::filesystem::path& folder,
                                                     std::size_t shard, std::size_t rows,
                                                     const EmbeddingSource& source) {
  PECULIAR_ASSIGN_OR_RETURN(const PartView part, OpenPart(folder, shard, source));
  if (part.rows != rows) {
    return DataLoss("{} has {} galaxies, expected {}", part.file.path().string(), part.rows, rows);
  }
  EmbeddingPartEntry entry{EmbeddingPartFile(shard), rows, ""};
  PECULIAR_ASSIGN_OR_RETURN(entry.sha256, Sha256OfFile(part.file.path()));
  return entry;
}

absl::StatusOr<std::string> PrecisionOfPart(const std::filesystem::path& folder,
                                            std::size_t shard) {
  PECULIAR_ASSIGN_OR_RETURN(const TensorFile file,
                            TensorFile::Open(folder / EmbeddingPartFile(shard)));
  return MetadataOf(file, kPrecisionKey);
}

absl::Status WriteEmbeddingsManifest(const std::filesystem::path& folder,
                                     const EmbeddingsManifest& manifest) {
  PECULIAR_ASSIGN_OR_RETURN(const Json training,
                            ParseJson(manifest.training_json, "training figures"));
  Json parts = Json::array();
  for (const EmbeddingPartEntry& part : manifest.parts) {
    parts.push_back({{"file", part.file}, {"rows", part.rows}, {"sha256", part.sha256}});
  }
  const Json json = {{kFormatKey, kFormat},
                     {"model", manifest.model},
                     {"kind", manifest.kind},
                     {"preset", manifest.preset},
                     {"seed", manifest.seed},
                     {kDatasetKey, manifest.source.dataset_digest},
                     {kCheckpointKey, manifest.source.checkpoint_digest},
                     {kPrecisionKey, manifest.source.precision},
                     {"dimension", manifest.dimension},
                     {"rows", manifest.rows},
                     {"training", training},
                     {"parts", parts}};
  return WriteJson(folder / kManifestName, json);
}

absl::StatusOr<EmbeddingsManifest> ReadEmbeddingsManifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kManifestName;
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  absl::StatusOr<EmbeddingsManifest> manifest = FromJson(json);
  if (!manifest.ok()) return Annotate(manifest.status(), path.string());
  return manifest;
}

absl::StatusOr<std::string> DigestOfEmbeddings(const std::filesystem::path& folder) {
  return Sha256OfFile(folder / kManifestName);
}

absl::StatusOr<ModelEmbeddings> ReadEmbeddings(const std::filesystem::path& folder) {
  ModelEmbeddings all;
  PECULIAR_ASSIGN_OR_RETURN(all.manifest, ReadEmbeddingsManifest(folder));
  std::size_t lines = 0, spaxels = 0;
  for (std::size_t shard = 0; shard < all.manifest.parts.size(); ++shard) {
    absl::StatusOr<PartView> part = OpenListedPart(folder, all.manifest, shard);
    // Parts beside a manifest that they do not fit are damage, not a stage to rerun.
    if (absl::IsFailedPrecondition(part.status())) return DataLoss("{}", MessageOf(part.status()));
    PECULIAR_RETURN_IF_ERROR(part.status());
    if (shard > 0 && (part->lines != lines || part->spaxels != spaxels)) {
      return DataLoss("{} has {} lines and {} spaxels, the parts before it {} and {}",
                      part->file.path().string(), part->lines, part->spaxels, lines, spaxels);
    }
    lines = part->lines;
    spaxels = part->spaxels;
    AppendPart(*part, all);
  }
  if (all.scores.size() != all.manifest.rows) {
    return DataLoss("{}: the parts have {} galaxies, expected {}",
                    (folder / kManifestName).string(), all.scores.size(), all.manifest.rows);
  }
  return all;
}

}  // namespace peculiar::worker
