#include "worker/coordinates.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/catalog/catalog.h"
#include "core/weights/tensor_file.h"

namespace peculiar::worker {
namespace {

constexpr int kFormat = 1;
constexpr std::string_view kManifestName = "coordinates.json";
constexpr std::string_view kTensorName = "coordinates";

std::string SpaceFile(std::string_view space) { return fmt::format("{}.safetensors", space); }

absl::Status CheckSpaces(const ModelCoordinates& coordinates) {
  std::set<std::string_view> names;
  for (const SpaceCoordinates& space : coordinates.spaces) {
    if (!IsSpaceName(space.name) || space.name == kEmbeddingSpace ||
        !names.insert(space.name).second) {
      return InvalidArgument("'{}' is not the name of another space beside latent", space.name);
    }
    if (space.width < 1 || space.values.size() != coordinates.rows * space.width) {
      return InvalidArgument("space {} has {} values, expected {} rows of {}", space.name,
                             space.values.size(), coordinates.rows, space.width);
    }
    if (!space.explained_variance.empty() && space.explained_variance.size() != space.width) {
      return InvalidArgument("space {} has {} shares of explained variance, expected {}",
                             space.name, space.explained_variance.size(), space.width);
    }
  }
  if (coordinates.rows < 1) return InvalidArgument("coordinates of no galaxies");
  return absl::OkStatus();
}

Json FactToJson(const std::optional<double>& fact) { return fact ? Json(*fact) : Json(); }

absl::StatusOr<std::optional<double>> FactFromJson(const Json& json, std::string_view key) {
  const auto found = json.find(std::string(key));
  if (found != json.end() && found->is_null()) return std::optional<double>();
  PECULIAR_ASSIGN_OR_RETURN(const double value, JsonField<double>(json, key));
  return std::optional(value);
}

// A space as coordinates.json lists it.
struct SpaceEntry {
  SpaceCoordinates space;  // without values
  std::string sha256;
};

absl::StatusOr<SpaceEntry> EntryFromJson(const Json& json) {
  SpaceEntry entry;
  SpaceCoordinates& space = entry.space;
  PECULIAR_ASSIGN_OR_RETURN(space.name, JsonField<std::string>(json, "name"));
  PECULIAR_ASSIGN_OR_RETURN(space.width, JsonField<std::size_t>(json, "width"));
  PECULIAR_ASSIGN_OR_RETURN(space.explained_variance,
                            JsonField<std::vector<double>>(json, "explained_variance"));
  PECULIAR_ASSIGN_OR_RETURN(space.trustworthiness, FactFromJson(json, "trustworthiness"));
  PECULIAR_ASSIGN_OR_RETURN(space.continuity, FactFromJson(json, "continuity"));
  PECULIAR_ASSIGN_OR_RETURN(const Json transform, JsonField<Json>(json, "transform"));
  space.transform_json = transform.dump();
  PECULIAR_ASSIGN_OR_RETURN(entry.sha256, JsonField<std::string>(json, "sha256"));
  if (!IsSpaceName(space.name)) return DataLoss("'{}' is not a name of a space", space.name);
  return entry;
}

absl::StatusOr<std::vector<SpaceEntry>> ManifestFromJson(const Json& json,
                                                         ModelCoordinates& coordinates) {
  PECULIAR_ASSIGN_OR_RETURN(const auto format, JsonField<int>(json, "format"));
  if (format != kFormat) return DataLoss("format {}, expected {}", format, kFormat);
  CoordinatesSource& source = coordinates.source;
  PECULIAR_ASSIGN_OR_RETURN(source.dataset_digest, JsonField<std::string>(json, "dataset_digest"));
  PECULIAR_ASSIGN_OR_RETURN(source.checkpoint_digest,
                            JsonField<std::string>(json, "checkpoint_digest"));
  PECULIAR_ASSIGN_OR_RETURN(source.embeddings_digest,
                            JsonField<std::string>(json, "embeddings_digest"));
  PECULIAR_ASSIGN_OR_RETURN(coordinates.rows, JsonField<std::size_t>(json, "rows"));
  PECULIAR_ASSIGN_OR_RETURN(const Json options, JsonField<Json>(json, "options"));
  coordinates.options_json = options.dump();
  PECULIAR_ASSIGN_OR_RETURN(const auto spaces, JsonField<std::vector<Json>>(json, "spaces"));
  std::vector<SpaceEntry> entries;
  for (const Json& element : spaces) {
    PECULIAR_ASSIGN_OR_RETURN(SpaceEntry entry, EntryFromJson(element));
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::Status ReadValues(const std::filesystem::path& path, std::size_t rows,
                        const std::string& sha256, SpaceCoordinates& space) {
  PECULIAR_ASSIGN_OR_RETURN(const std::string found, Sha256OfFile(path));
  if (found != sha256) {
    return DataLoss("{} has SHA-256 {}, expected {}", path.string(), found, sha256);
  }
  PECULIAR_ASSIGN_OR_RETURN(const TensorFile file, TensorFile::Open(path));
  PECULIAR_ASSIGN_OR_RETURN(const NamedTensor tensor, file.Find(kTensorName));
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows),
                                           static_cast<std::int64_t>(space.width)};
  if (tensor.shape != shape) {
    return DataLoss("{} has shape {}, expected {}", path.string(), ShapeText(tensor.shape),
                    ShapeText(shape));
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::span<const float> values, file.Find<float>(kTensorName));
  space.values.assign(values.begin(), values.end());
  return absl::OkStatus();
}

// What is left of earlier coordinates; the manifest first, so that a kill leaves none.
absl::Status Clear(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::remove(folder / kManifestName, error);
  if (!error) std::filesystem::remove_all(folder, error);
  if (error) return StatusFromErrno("clear", folder, error.value());
  return CreateFolder(folder);
}

}  // namespace

absl::Status WriteCoordinates(const std::filesystem::path& folder,
                              const ModelCoordinates& coordinates) {
  PECULIAR_RETURN_IF_ERROR(CheckSpaces(coordinates));
  PECULIAR_ASSIGN_OR_RETURN(const Json options, ParseJson(coordinates.options_json, "options"));
  PECULIAR_RETURN_IF_ERROR(Clear(folder));
  Json spaces = Json::array();
  for (const SpaceCoordinates& space : coordinates.spaces) {
    PECULIAR_ASSIGN_OR_RETURN(const Json transform, ParseJson(space.transform_json, "transform"));
    const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(coordinates.rows),
                                             static_cast<std::int64_t>(space.width)};
    const NamedTensor tensors[] = {
        MakeNamedTensor<float>(std::string(kTensorName), shape, space.values)};
    PECULIAR_ASSIGN_OR_RETURN(const std::string sha256,
                              WriteTensorFile(folder / SpaceFile(space.name), tensors));
    spaces.push_back({{"name", space.name},
                      {"width", space.width},
                      {"explained_variance", space.explained_variance},
                      {"trustworthiness", FactToJson(space.trustworthiness)},
                      {"continuity", FactToJson(space.continuity)},
                      {"transform", transform},
                      {"sha256", sha256}});
  }
  return WriteJson(folder / kManifestName,
                   {{"format", kFormat},
                    {"dataset_digest", coordinates.source.dataset_digest},
                    {"checkpoint_digest", coordinates.source.checkpoint_digest},
                    {"embeddings_digest", coordinates.source.embeddings_digest},
                    {"rows", coordinates.rows},
                    {"options", options},
                    {"spaces", spaces}});
}

absl::StatusOr<ModelCoordinates> ReadCoordinates(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kManifestName;
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  ModelCoordinates coordinates;
  auto entries = ManifestFromJson(json, coordinates);
  if (!entries.ok()) return Annotate(entries.status(), path.string());
  for (SpaceEntry& entry : *entries) {
    const absl::Status status = ReadValues(folder / SpaceFile(entry.space.name), coordinates.rows,
                                           entry.sha256, entry.space);
    // A file that the manifest lists and that is not there is damage.
    if (!status.ok()) return DataLoss("{}", MessageOf(status));
    coordinates.spaces.push_back(std::move(entry.space));
  }
  if (const absl::Status status = CheckSpaces(coordinates); !status.ok()) {
    return DataLoss("{}: {}", path.string(), MessageOf(status));
  }
  return coordinates;
}

}  // namespace peculiar::worker
