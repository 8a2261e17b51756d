// dataset.json: what a dataset holds and from which inputs it was made. The same inputs and options
// give the same bytes: no times, no paths of this machine. Docs: docs/formats.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/cube/galaxy.h"
#include "core/cube/line_cube.h"
#include "core/cube/line_list.h"
#include "core/dataset/selection.h"

namespace peculiar {

inline constexpr int kDatasetSchema = 1;
inline constexpr std::string_view kManifestName = "dataset.json";

// One galaxy of the dataset.
struct SampleEntry {
  GalaxyRecord galaxy;  // of drpall, what it lacks filled in from the cube's header
  LineCubeQuality quality;
  std::string cube_sha256;  // of the LOGCUBE file as it was read
  std::uint32_t shard = 0;  // where the sample lies
  std::uint32_t row = 0;
};

struct ShardReference {
  std::string file;  // name within the dataset's folder
  std::uint32_t count = 0;
  std::string sha256;  // of the whole file
};

struct DatasetManifest {
  LineList lines;
  int crop_size = kCropSize;
  SelectionOptions selection;
  std::map<std::string, std::string> inputs;  // SHA-256 of the input tables: "drpall", "agn"
  std::vector<ShardReference> shards;
  // Strictly rising plate-IFU, as strings; they fill the shards one after the other, row by row.
  std::vector<SampleEntry> entries;
  std::vector<Exclusion> excluded;  // every other row of drpall, the same order
};

absl::Status WriteManifest(const std::filesystem::path& path, const DatasetManifest& manifest);

// FAILED_PRECONDITION for another schema version; DATA_LOSS when a field is missing or wrong, a
// shard's name is not a plain name or the entries are not in their order. `what`
// names the file in messages.
absl::StatusOr<DatasetManifest> ParseManifest(std::string_view text, std::string_view what);

// Parts of the manifest that group records use too.
Json ShardToJson(const ShardReference& shard);
absl::StatusOr<ShardReference> ShardFromJson(const Json& json);
Json QualityToJson(const LineCubeQuality& quality);
absl::StatusOr<LineCubeQuality> QualityFromJson(const Json& json);
Json LineListToJson(const LineList& lines);

}  // namespace peculiar
