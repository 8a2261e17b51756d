#include "core/dataset/manifest.h"

#include <utility>

#include "core/dataset/galaxy_json.h"

namespace peculiar {
namespace {

constexpr std::string_view kNormalisation = "none";  // native flux units (paper)

Json SelectionToJson(const SelectionOptions& options) {
  return {{"z_min", options.z_min},
          {"z_max", options.z_max},
          {"drop_critical", options.critical == CriticalCubes::kDrop}};
}

absl::StatusOr<SelectionOptions> SelectionFromJson(const Json& json) {
  SelectionOptions options;
  PECULIAR_ASSIGN_OR_RETURN(options.z_min, JsonField<double>(json, "z_min"));
  PECULIAR_ASSIGN_OR_RETURN(options.z_max, JsonField<double>(json, "z_max"));
  PECULIAR_ASSIGN_OR_RETURN(const bool drop, JsonField<bool>(json, "drop_critical"));
  options.critical = drop ? CriticalCubes::kDrop : CriticalCubes::kKeep;
  return options;
}

absl::StatusOr<LineList> LineListFromJson(const Json& json) {
  LineList lines;
  for (const Json& element : json) {
    EmissionLine line;
    PECULIAR_ASSIGN_OR_RETURN(line.name, JsonField<std::string>(element, "name"));
    PECULIAR_ASSIGN_OR_RETURN(line.wavelength_angstrom,
                              JsonField<double>(element, "wavelength_angstrom"));
    lines.push_back(std::move(line));
  }
  return lines;
}

Json EntryToJson(const SampleEntry& entry) {
  return {{"galaxy", GalaxyToJson(entry.galaxy)},
          {"quality", QualityToJson(entry.quality)},
          {"cube_sha256", entry.cube_sha256},
          {"shard", entry.shard},
          {"row", entry.row}};
}

absl::StatusOr<SampleEntry> EntryFromJson(const Json& json) {
  SampleEntry entry;
  PECULIAR_ASSIGN_OR_RETURN(const Json galaxy, JsonField<Json>(json, "galaxy"));
  PECULIAR_ASSIGN_OR_RETURN(entry.galaxy, GalaxyFromJson(galaxy));
  PECULIAR_ASSIGN_OR_RETURN(const Json quality, JsonField<Json>(json, "quality"));
  PECULIAR_ASSIGN_OR_RETURN(entry.quality, QualityFromJson(quality));
  PECULIAR_ASSIGN_OR_RETURN(entry.cube_sha256, JsonField<std::string>(json, "cube_sha256"));
  PECULIAR_ASSIGN_OR_RETURN(entry.shard, JsonField<std::uint32_t>(json, "shard"));
  PECULIAR_ASSIGN_OR_RETURN(entry.row, JsonField<std::uint32_t>(json, "row"));
  return entry;
}

absl::StatusOr<Exclusion> ExclusionFromJson(const Json& json) {
  Exclusion exclusion;
  PECULIAR_ASSIGN_OR_RETURN(const Json galaxy, JsonField<Json>(json, "galaxy"));
  PECULIAR_ASSIGN_OR_RETURN(exclusion.galaxy, GalaxyFromJson(galaxy));
  PECULIAR_ASSIGN_OR_RETURN(const auto reason, JsonField<std::string>(json, "reason"));
  PECULIAR_ASSIGN_OR_RETURN(exclusion.reason, ParseExclusionReason(reason));
  PECULIAR_ASSIGN_OR_RETURN(exclusion.detail, JsonField<std::string>(json, "detail"));
  return exclusion;
}

// The shape and the inputs: everything but the lists of galaxies.
absl::StatusOr<DatasetManifest> HeadFromJson(const Json& json) {
  DatasetManifest manifest;
  PECULIAR_ASSIGN_OR_RETURN(manifest.crop_size, JsonField<int>(json, "crop_size"));
  PECULIAR_ASSIGN_OR_RETURN(const int window, JsonField<int>(json, "window_channels"));
  PECULIAR_ASSIGN_OR_RETURN(const auto normalisation,
                            JsonField<std::string>(json, "normalisation"));
  // Tests use smaller crops than ingest's kCropSize; the shards' headers must agree with it.
  if (manifest.crop_size < 1 || window != kWindowChannels || normalisation != kNormalisation) {
    return DataLoss("crop {}, window {}, normalisation '{}'; expected at least 1, {}, '{}'",
                    manifest.crop_size, window, normalisation, kWindowChannels, kNormalisation);
  }
  PECULIAR_ASSIGN_OR_RETURN(const Json lines, JsonField<Json>(json, "lines"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.lines, LineListFromJson(lines));
  if (manifest.lines.empty()) return DataLoss("no emission line");
  PECULIAR_ASSIGN_OR_RETURN(const Json selection, JsonField<Json>(json, "selection"));
  PECULIAR_ASSIGN_OR_RETURN(manifest.selection, SelectionFromJson(selection));
  PECULIAR_ASSIGN_OR_RETURN(const Json inputs, JsonField<Json>(json, "inputs"));
  for (const auto& [name, value] : inputs.items()) {
    PECULIAR_ASSIGN_OR_RETURN(manifest.inputs[name], JsonField<std::string>(inputs, name));
  }
  return manifest;
}

// The entries must fill the shards one after the other, in plate-IFU order.
absl::Status CheckOrder(const DatasetManifest& manifest) {
  std::size_t i = 0;
  for (std::uint32_t shard = 0; shard < manifest.shards.size(); ++shard) {
    for (std::uint32_t row = 0; row < manifest.shards[shard].count; ++row, ++i) {
      if (i >= manifest.entries.size()) {
        return DataLoss("no entry for row {} of shard {}", row, shard);
      }
      const SampleEntry& entry = manifest.entries[i];
      if (entry.shard != shard || entry.row != row) {
        return DataLoss("{} lies at row {} of shard {}, expected row {} of shard {}",
                        entry.galaxy.plateifu, entry.row, entry.shard, row, shard);
      }
      if (i > 0 && entry.galaxy.plateifu <= manifest.entries[i - 1].galaxy.plateifu) {
        return DataLoss("{} comes after {}: entries must be in plate-IFU order",
                        entry.galaxy.plateifu, manifest.entries[i - 1].galaxy.plateifu);
      }
    }
  }
  if (i != manifest.entries.size()) {
    return DataLoss("{} entries for {} rows of the shards", manifest.entries.size(), i);
  }
  return absl::OkStatus();
}

absl::StatusOr<DatasetManifest> ManifestFromJson(const Json& json) {
  PECULIAR_ASSIGN_OR_RETURN(DatasetManifest manifest, HeadFromJson(json));
  PECULIAR_ASSIGN_OR_RETURN(const Json shards, JsonField<Json>(json, "shards"));
  for (const Json& element : shards) {
    PECULIAR_ASSIGN_OR_RETURN(ShardReference shard, ShardFromJson(element));
    manifest.shards.push_back(std::move(shard));
  }
  PECULIAR_ASSIGN_OR_RETURN(const Json entries, JsonField<Json>(json, "entries"));
  for (const Json& element : entries) {
    PECULIAR_ASSIGN_OR_RETURN(SampleEntry entry, EntryFromJson(element));
    manifest.entries.push_back(std::move(entry));
  }
  PECULIAR_RETURN_IF_ERROR(CheckOrder(manifest));
  PECULIAR_ASSIGN_OR_RETURN(const Json excluded, JsonField<Json>(json, "excluded"));
  for (const Json& element : excluded) {
    PECULIAR_ASSIGN_OR_RETURN(Exclusion exclusion, ExclusionFromJson(element));
    manifest.excluded.push_back(std::move(exclusion));
  }
  return manifest;
}

}  // namespace

Json ShardToJson(const ShardReference& shard) {
  return {{"file", shard.file}, {"count", shard.count}, {"sha256", shard.sha256}};
}

absl::StatusOr<ShardReference> ShardFromJson(const Json& json) {
  ShardReference shard;
  PECULIAR_ASSIGN_OR_RETURN(shard.file, JsonField<std::string>(json, "file"));
  PECULIAR_ASSIGN_OR_RETURN(shard.count, JsonField<std::uint32_t>(json, "count"));
  PECULIAR_ASSIGN_OR_RETURN(shard.sha256, JsonField<std::string>(json, "sha256"));
  if (shard.file.empty() || shard.file.starts_with(".") ||
      shard.file.find('/') != std::string::npos) {
    return DataLoss("'{}' is not a shard's name", shard.file);
  }
  return shard;
}

Json QualityToJson(const LineCubeQuality& quality) {
  return {{"coverage", quality.coverage},
          {"masked_share", quality.masked_share},
          {"lines_off_grid", quality.lines_off_grid}};
}

absl::StatusOr<LineCubeQuality> QualityFromJson(const Json& json) {
  LineCubeQuality quality;
  PECULIAR_ASSIGN_OR_RETURN(quality.coverage, JsonField<double>(json, "coverage"));
  PECULIAR_ASSIGN_OR_RETURN(quality.masked_share, JsonField<double>(json, "masked_share"));
  PECULIAR_ASSIGN_OR_RETURN(quality.lines_off_grid, JsonField<int>(json, "lines_off_grid"));
  return quality;
}

Json LineListToJson(const LineList& lines) {
  Json json = Json::array();
  for (const EmissionLine& line : lines) {
    json.push_back({{"name", line.name}, {"wavelength_angstrom", line.wavelength_angstrom}});
  }
  return json;
}

absl::Status WriteManifest(const std::filesystem::path& path, const DatasetManifest& manifest) {
  Json json = {{"schema", kDatasetSchema},
               {"crop_size", manifest.crop_size},
               {"window_channels", kWindowChannels},
               {"normalisation", kNormalisation},
               {"lines", LineListToJson(manifest.lines)},
               {"selection", SelectionToJson(manifest.selection)},
               {"inputs", manifest.inputs},
               {"shards", Json::array()},
               {"entries", Json::array()},
               {"excluded", Json::array()}};
  for (const ShardReference& shard : manifest.shards) json["shards"].push_back(ShardToJson(shard));
  for (const SampleEntry& entry : manifest.entries) json["entries"].push_back(EntryToJson(entry));
  for (const Exclusion& exclusion : manifest.excluded) {
    json["excluded"].push_back({{"galaxy", GalaxyToJson(exclusion.galaxy)},
                                {"reason", ExclusionReasonName(exclusion.reason)},
                                {"detail", exclusion.detail}});
  }
  return WriteJson(path, json);
}

absl::StatusOr<DatasetManifest> ParseManifest(std::string_view text, std::string_view what) {
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ParseJson(text, what));
  const auto schema = JsonField<int>(json, "schema");
  if (!schema.ok()) return Annotate(schema.status(), what);
  if (*schema != kDatasetSchema) {
    return FailedPrecondition("{} has schema {}, this program reads {}", what, *schema,
                              kDatasetSchema);
  }
  auto manifest = ManifestFromJson(json);
  if (!manifest.ok()) return Annotate(manifest.status(), what);
  return manifest;
}

}  // namespace peculiar
