#include "core/dataset/build_group.h"

#include <sys/stat.h>

#include <utility>

#include "core/base/digest.h"
#include "core/base/parallel.h"
#include "core/dataset/shard.h"

namespace peculiar {
namespace {

// A reader's message without the folders of this machine: it goes into dataset.json.
std::string WithoutFolders(std::string_view message, const std::filesystem::path& path) {
  std::string text(message);
  const std::string whole = path.string();
  const std::string name = path.filename().string();
  for (std::size_t at = text.find(whole); at != std::string::npos;
       at = text.find(whole, at + name.size())) {
    text.replace(at, whole.size(), name);
  }
  return text;
}

void Refuse(const absl::Status& status, const std::filesystem::path& path, CubeOutcome& outcome) {
  outcome.refusal = WithoutFolders(MessageOf(status), path);
  if (outcome.refusal.empty()) outcome.refusal = "refused without a reason";
  outcome.settled = status.code() == absl::StatusCode::kDataLoss ||
                    status.code() == absl::StatusCode::kInvalidArgument;
}

// Reads one cube; `line_cube` is set when it was accepted.
absl::Status ReadOne(const PlannedCube& cube, const CubeSource& source,
                     const BuildDatasetOptions& options, CubeOutcome& outcome,
                     std::optional<LineCube>& line_cube) {
  const auto digest = Sha256OfFile(cube.path);
  if (!digest.ok()) {
    Refuse(digest.status(), cube.path, outcome);
    return absl::OkStatus();
  }
  outcome.sha256 = *digest;
  auto read = source.read(cube.path, cube.galaxy, options.lines);
  if (read.status().code() == absl::StatusCode::kInternal) {
    return Annotate(read.status(), cube.galaxy.plateifu);
  }
  if (!read.ok()) {
    Refuse(read.status(), cube.path, outcome);
    return absl::OkStatus();
  }
  outcome.quality = read->extracted.quality;
  outcome.header = std::move(read->header);
  // The header may say CRITICAL where drpall has no such column.
  if (!FindExclusion(FilledFrom(outcome.header, cube.galaxy), options.selection)) {
    line_cube = std::move(read->extracted.line_cube);
  }
  return absl::OkStatus();
}

std::string ShardName(const PlannedGroup& group, const GroupRecord& record) {
  std::string made_of = record.key;
  for (const CubeOutcome& outcome : record.cubes) {
    made_of += fmt::format("\n{} {}", outcome.plateifu, outcome.row ? outcome.sha256 : "");
  }
  return fmt::format("shard-{:05}-{:.12}.bin", group.index, Sha256Hex(made_of));
}

absl::StatusOr<ShardReference> WriteShard(const std::filesystem::path& path,
                                          const std::vector<std::optional<LineCube>>& line_cubes,
                                          const LineList& lines) {
  const ShardShape shape{static_cast<int>(lines.size()) * kWindowChannels, kCropSize, kCropSize};
  PECULIAR_ASSIGN_OR_RETURN(ShardWriter writer, ShardWriter::Create(path, shape));
  ShardReference reference{.file = path.filename().string()};
  for (const auto& line_cube : line_cubes) {
    if (!line_cube) continue;
    PECULIAR_RETURN_IF_ERROR(writer.Append(*line_cube));
    ++reference.count;
  }
  PECULIAR_RETURN_IF_ERROR(writer.Commit());
  PECULIAR_ASSIGN_OR_RETURN(reference.sha256, Sha256OfFile(path));
  return reference;
}

// Numbers the rows and writes the shard, then the record.
absl::Status FinishGroup(const std::filesystem::path& folder, const PlannedGroup& group,
                         const std::vector<std::optional<LineCube>>& line_cubes,
                         const LineList& lines, GroupRecord& record) {
  std::uint32_t rows = 0;
  for (std::size_t i = 0; i < line_cubes.size(); ++i) {
    if (line_cubes[i]) record.cubes[i].row = rows++;
  }
  if (rows > 0) {
    PECULIAR_ASSIGN_OR_RETURN(record.shard,
                              WriteShard(folder / ShardName(group, record), line_cubes, lines));
  }
  return WriteGroupRecord(folder / GroupRecordName(group.index), record);
}

}  // namespace

GalaxyRecord FilledFrom(const CubeHeader& header, GalaxyRecord galaxy) {
  if (galaxy.mangaid.empty()) galaxy.mangaid = header.mangaid;
  if (!galaxy.ra_deg) galaxy.ra_deg = header.object_ra_deg;
  if (!galaxy.dec_deg) galaxy.dec_deg = header.object_dec_deg;
  if (!galaxy.drp3qual) galaxy.drp3qual = header.drp3qual;
  return galaxy;
}

std::optional<FileStamp> StampOf(const std::filesystem::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return FileStamp{static_cast<std::uint64_t>(info.st_size),
                   std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

std::optional<GroupRecord> FindFinishedGroup(const std::filesystem::path& folder,
                                             const PlannedGroup& group) {
  auto record = ReadGroupRecord(folder / GroupRecordName(group.index));
  // One that cannot be read is as good as none: the group is done again.
  if (!record.ok() || record->key != group.key || record->cubes.size() != group.cubes.size()) {
    return std::nullopt;
  }
  std::uint32_t rows = 0;
  for (std::size_t i = 0; i < group.cubes.size(); ++i) {
    const CubeOutcome& outcome = record->cubes[i];
    if (outcome.plateifu != group.cubes[i].galaxy.plateifu ||
        outcome.stamp != group.cubes[i].stamp || !outcome.settled) {
      return std::nullopt;
    }
    if (outcome.row && *outcome.row != rows++) return std::nullopt;
  }
  if (rows != (record->shard ? record->shard->count : 0)) return std::nullopt;
  if (record->shard) {
    const auto digest = Sha256OfFile(folder / record->shard->file);
    if (!digest.ok() || *digest != record->shard->sha256) return std::nullopt;
  }
  return *std::move(record);
}

absl::StatusOr<std::vector<GroupRecord>> BuildGroups(const std::filesystem::path& folder,
                                                     std::span<const PlannedGroup* const> groups,
                                                     const CubeSource& source,
                                                     const BuildDatasetOptions& options,
                                                     const BuildDatasetEvents& events) {
  std::vector<GroupRecord> records;
  std::vector<std::vector<std::optional<LineCube>>> line_cubes;
  std::vector<std::pair<std::size_t, std::size_t>> work;  // group, row
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto& cubes = groups[g]->cubes;
    line_cubes.emplace_back(cubes.size());
    records.push_back({.key = groups[g]->key});
    for (std::size_t row = 0; row < cubes.size(); ++row) {
      records[g].cubes.push_back(
          {.plateifu = cubes[row].galaxy.plateifu, .stamp = cubes[row].stamp});
      if (cubes[row].stamp) work.emplace_back(g, row);
    }
  }
  PECULIAR_RETURN_IF_ERROR(ParallelFor(work.size(), options.threads, [&](std::size_t i) {
    const auto [g, row] = work[i];
    absl::Status status =
        ReadOne(groups[g]->cubes[row], source, options, records[g].cubes[row], line_cubes[g][row]);
    if (status.ok() && events.cube_done) events.cube_done();
    return status;
  }));
  for (std::size_t g = 0; g < groups.size(); ++g) {
    PECULIAR_RETURN_IF_ERROR(
        FinishGroup(folder, *groups[g], line_cubes[g], options.lines, records[g]));
  }
  return records;
}

}  // namespace peculiar
