// The dataset: the line cubes of all galaxies that could be read, in plate-IFU order, memory-mapped
// from shards, with what is known of each. The order is the row order of everything downstream.
// Immutable once opened and safe for concurrent reading.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/cube/galaxy.h"
#include "core/cube/line_cube.h"
#include "core/cube/line_list.h"
#include "core/dataset/manifest.h"
#include "core/dataset/selection.h"
#include "core/dataset/shard.h"

namespace peculiar {

class Dataset {
 public:
  // Reads dataset.json and maps every shard. NOT_FOUND when there is no dataset.json or a shard is
  // missing; FAILED_PRECONDITION for another format version; DATA_LOSS naming the file when
  // anything disagrees. kVerify also checks every shard's checksum: reads all bytes.
  static absl::StatusOr<Dataset> Open(const std::filesystem::path& folder,
                                      ShardCheck check = ShardCheck::kTrust);

  // Verifies the shards [first, end), which Open has trusted. Requires that there are as many.
  absl::Status VerifyShards(std::size_t first, std::size_t end) const;

  std::size_t size() const { return manifest_.entries.size(); }
  // Requires i < size(). Entries are sorted by plate-IFU, as strings, and fill the shards one after
  // the other, row by row.
  const SampleEntry& entry(std::size_t i) const { return manifest_.entries[i]; }
  std::span<const SampleEntry> entries() const { return manifest_.entries; }
  // Views of channels() x crop_size() x crop_size() values, [channel][y][x], flux in native units;
  // valid as long as the dataset. Requires i < size().
  SampleView sample(std::size_t i) const;
  // Row of a galaxy, O(log n).
  std::optional<std::size_t> Find(std::string_view plateifu) const;

  int channels() const { return static_cast<int>(lines().size()) * kWindowChannels; }
  int crop_size() const { return manifest_.crop_size; }
  const LineList& lines() const { return manifest_.lines; }
  const SelectionOptions& selection() const { return manifest_.selection; }
  // Every row of drpall that is not in the dataset, sorted by plate-IFU.
  const std::vector<Exclusion>& excluded() const { return manifest_.excluded; }
  // SHA-256 of the input tables by name: "drpall", "agn".
  const std::map<std::string, std::string>& inputs() const { return manifest_.inputs; }
  // SHA-256 of dataset.json: names all of the content, since dataset.json holds the shards'
  // digests.
  const std::string& digest() const { return digest_; }

 private:
  Dataset() = default;
  std::filesystem::path folder_;
  DatasetManifest manifest_;
  std::vector<Shard> shards_;
  std::string digest_;
};

}  // namespace peculiar
