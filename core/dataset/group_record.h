// shard-NNNNN.json: what became of every cube of a group, kept beside the shard so that a later
// build can tell whether the group must be done again. Not read by users of the dataset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/cube/cube.h"
#include "core/cube/line_cube.h"
#include "core/dataset/manifest.h"

namespace peculiar {

// A cube file as the file system has it; the pair tells whether it was changed.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

// What became of one galaxy's cube. Missing: no stamp. Refused: a refusal. In the shard: a row.
// None of these: read, and left out for what its header says.
struct CubeOutcome {
  std::string plateifu;
  std::optional<FileStamp> stamp;
  std::string sha256;   // of the cube file; empty when it could not be read through
  std::string refusal;  // why it was refused
  bool settled = true;  // false when the refusal may pass without a change of the file
  std::optional<std::uint32_t> row;
  LineCubeQuality quality;
  CubeHeader header;
};

struct GroupRecord {
  std::string key;                      // digest of all that determines the group but the cubes
  std::optional<ShardReference> shard;  // none when no cube could be read
  std::vector<CubeOutcome> cubes;       // in row order
};

std::string GroupRecordName(std::size_t group);  // "shard-00012.json"

absl::Status WriteGroupRecord(const std::filesystem::path& path, const GroupRecord& record);

// NOT_FOUND when there is none; DATA_LOSS when it cannot be used.
absl::StatusOr<GroupRecord> ReadGroupRecord(const std::filesystem::path& path);

}  // namespace peculiar
