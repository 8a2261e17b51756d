#include "worker/embedding_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/embedding/score.h"
#include "worker/file_lock.h"
#include "worker/progress.h"

namespace peculiar::worker {
namespace {

constexpr std::string_view kWriteLockName = ".lock";

// Embeds and scores rows [first, first + n) in one pass and appends them to the part.
absl::Status EmbedRows(const Dataset& dataset, Embedder& embedder, std::size_t first, std::size_t n,
                       EmbeddingPart& part) {
  const auto size = static_cast<std::size_t>(dataset.crop_size());
  std::vector<float> cubes;
  cubes.reserve(n * dataset.sample(first).flux.size());
  std::vector<ScoreSums> sums;
  sums.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    const SampleView sample = dataset.sample(first + i);
    cubes.insert(cubes.end(), sample.flux.begin(), sample.flux.end());
    sums.emplace_back(ScoredSample{.input = sample.flux,
                                   .ivar = sample.ivar,
                                   .mask = sample.mask,
                                   .channels_per_line = kWindowChannels,
                                   .spaxels = size * size});
  }
  const auto add = [&](std::size_t cube, int, std::span<const float> image) {
    sums[cube].AddChannel(image);
  };
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<float> latent, embedder.Embed(cubes, n, add));
  part.embeddings.insert(part.embeddings.end(), latent.begin(), latent.end());
  for (const ScoreSums& sum : sums) part.scores.push_back(sum.Finish());
  return absl::OkStatus();
}

// One model being embedded: makes the parts that are not there yet.
class ModelEmbedding {
 public:
  ModelEmbedding(const Dataset& dataset, std::filesystem::path model_folder,
                 std::filesystem::path folder, const EmbedderOptions& options,
                 const EmbeddingsManifest& manifest, std::size_t rows)
      : dataset_(dataset),
        model_folder_(std::move(model_folder)),
        folder_(std::move(folder)),
        options_(options),
        source_(manifest.source),
        progress_("embed " + manifest.model, static_cast<std::int64_t>(rows), "galaxies") {}

  // The entry of the shard's part: an earlier run's, or made now when that one is missing, of
  // another source, or broken.
  absl::StatusOr<EmbeddingPartEntry> FindOrMake(const ShardRows& rows) {
    absl::StatusOr<EmbeddingPartEntry> found =
        FindEmbeddingPart(folder_, rows.shard, rows.count, source_);
    if (!found.ok()) return Make(rows);
    rows_kept_ += rows.count;
    progress_.Skip(static_cast<std::int64_t>(rows.count));
    return found;
  }

  std::size_t rows_kept() const { return rows_kept_; }

 private:
  absl::StatusOr<EmbeddingPartEntry> Make(const ShardRows& rows) {
    if (!embedder_) {
      PECULIAR_ASSIGN_OR_RETURN(embedder_, Embedder::Open(model_folder_, options_));
    }
    EmbeddingPart part;
    part.shard = rows.shard;
    part.dimension = static_cast<std::size_t>(embedder_->config().latent);
    PECULIAR_RETURN_IF_ERROR(dataset_.VerifyShards(rows.shard, rows.shard + 1));
    for (std::size_t done = 0; done < rows.count;) {
      const std::size_t n = std::min(options_.batch_size, rows.count - done);
      PECULIAR_RETURN_IF_ERROR(EmbedRows(dataset_, *embedder_, rows.first + done, n, part));
      done += n;
      progress_.Advance(static_cast<std::int64_t>(n));
    }
    // Two processes that were given the same share write one after the other.
    PECULIAR_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Wait(folder_ / kWriteLockName));
    return WriteEmbeddingPart(folder_, part, source_);
  }

  const Dataset& dataset_;
  const std::filesystem::path model_folder_;
  const std::filesystem::path folder_;
  const EmbedderOptions& options_;
  const EmbeddingSource source_;
  std::optional<Embedder> embedder_;  // opened when there is something to embed
  std::size_t rows_kept_ = 0;
  Progress progress_;
};

}  // namespace

absl::StatusOr<std::vector<ShardRows>> RowsByShard(const Dataset& dataset) {
  std::vector<ShardRows> shards;
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const SampleEntry& entry = dataset.entry(i);
    if (entry.row == 0) shards.push_back({entry.shard, i, 0});
    if (shards.empty() || shards.back().shard != entry.shard || shards.back().count != entry.row ||
        entry.shard != shards.size() - 1) {
      return Internal("galaxy {} is in shard {} row {}: out of the dataset's order",
                      entry.galaxy.plateifu, entry.shard, entry.row);
    }
    ++shards.back().count;
  }
  return shards;
}

std::size_t CountRows(std::span<const ShardRows> shards) {
  std::size_t rows = 0;
  for (const ShardRows& shard : shards) rows += shard.count;
  return rows;
}

absl::StatusOr<std::vector<EmbeddingPartEntry>> FindAllParts(const std::filesystem::path& folder,
                                                             std::span<const ShardRows> shards,
                                                             const EmbeddingSource& source) {
  constexpr std::size_t kNamed = 5;
  std::vector<EmbeddingPartEntry> parts;
  std::vector<std::string> problems;
  for (const ShardRows& rows : shards) {
    auto part = FindEmbeddingPart(folder, rows.shard, rows.count, source);
    if (part.ok()) {
      parts.push_back(*std::move(part));
    } else {
      problems.push_back(fmt::format("galaxies {} to {}: {}", rows.first,
                                     rows.first + rows.count - 1, MessageOf(part.status())));
    }
  }
  if (problems.empty()) return parts;
  const std::size_t count = problems.size();
  if (count > kNamed) problems.resize(kNamed);
  return FailedPrecondition(
      "{} of {} parts are not there{}: {}; run embed --shard I/N again for every I, then --merge",
      count, shards.size(), count > kNamed ? fmt::format(", the first {}", kNamed) : "",
      fmt::join(problems, "; "));
}

absl::StatusOr<std::vector<EmbeddingPartEntry>> FindOrMakeParts(
    const Dataset& dataset, const std::filesystem::path& model_folder,
    const std::filesystem::path& folder, std::span<const ShardRows> shards,
    const EmbedderOptions& options, const EmbeddingsManifest& manifest, std::size_t& rows_kept) {
  ModelEmbedding embedding(dataset, model_folder, folder, options, manifest, CountRows(shards));
  std::vector<EmbeddingPartEntry> parts;
  for (const ShardRows& rows : shards) {
    PECULIAR_ASSIGN_OR_RETURN(EmbeddingPartEntry part, embedding.FindOrMake(rows));
    parts.push_back(std::move(part));
  }
  rows_kept += embedding.rows_kept();
  return parts;
}

}  // namespace peculiar::worker
