#include "core/dataset/dataset.h"

#include <algorithm>
#include <utility>

#include "core/base/digest.h"
#include "core/base/file.h"

namespace peculiar {

absl::StatusOr<Dataset> Dataset::Open(const std::filesystem::path& folder, ShardCheck check) {
  const std::filesystem::path path = folder / kManifestName;
  PECULIAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Dataset dataset;
  dataset.folder_ = folder;
  PECULIAR_ASSIGN_OR_RETURN(dataset.manifest_, ParseManifest(text, path.string()));
  dataset.digest_ = Sha256Hex(text);
  const ShardShape expected{dataset.channels(), dataset.crop_size(), dataset.crop_size()};
  for (const ShardReference& reference : dataset.manifest_.shards) {
    PECULIAR_ASSIGN_OR_RETURN(Shard shard, Shard::Open(folder / reference.file, check));
    if (shard.count() != reference.count || shard.shape() != expected) {
      return DataLoss("shard {} holds {} records of {} x {} x {}, {} says {} of {} x {} x {}",
                      (folder / reference.file).string(), shard.count(), shard.shape().channels,
                      shard.shape().height, shard.shape().width, kManifestName, reference.count,
                      expected.channels, expected.height, expected.width);
    }
    dataset.shards_.push_back(std::move(shard));
  }
  return dataset;
}

absl::Status Dataset::VerifyShards(std::size_t first, std::size_t end) const {
  for (std::size_t i = first; i < end; ++i) {
    const auto path = folder_ / manifest_.shards[i].file;
    PECULIAR_RETURN_IF_ERROR(Shard::Open(path, ShardCheck::kVerify).status());
  }
  return absl::OkStatus();
}

SampleView Dataset::sample(std::size_t i) const {
  const SampleEntry& entry = manifest_.entries[i];
  return shards_[entry.shard].record(entry.row);
}

std::optional<std::size_t> Dataset::Find(std::string_view plateifu) const {
  const auto& entries = manifest_.entries;
  const auto found = std::lower_bound(
      entries.begin(), entries.end(), plateifu,
      [](const SampleEntry& entry, std::string_view id) { return entry.galaxy.plateifu < id; });
  if (found == entries.end() || found->galaxy.plateifu != plateifu) return std::nullopt;
  return static_cast<std::size_t>(found - entries.begin());
}

}  // namespace peculiar
