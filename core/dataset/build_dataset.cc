#include "core/dataset/build_dataset.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/parallel.h"
#include "core/dataset/build_group.h"
#include "core/dataset/manifest.h"

namespace peculiar {
namespace {

constexpr int kGroupFormat = 1;  // raised when the same cubes would give other bytes

absl::Status CheckRequest(const Selection& selection, const BuildDatasetOptions& options) {
  if (options.lines.empty()) return InvalidArgument("no emission line to extract");
  if (options.galaxies_per_shard == 0) return InvalidArgument("no galaxy to a shard");
  const auto& galaxies = selection.galaxies;
  for (std::size_t i = 1; i < galaxies.size(); ++i) {
    if (galaxies[i - 1].plateifu >= galaxies[i].plateifu) {
      return InvalidArgument("{} comes after {}: selected galaxies must be unique and sorted",
                             galaxies[i].plateifu, galaxies[i - 1].plateifu);
    }
  }
  return absl::OkStatus();
}

std::string GroupKey(const std::vector<PlannedCube>& cubes, const CubeSource& source,
                     const BuildDatasetOptions& options) {
  const bool drop_critical = options.selection.critical == CriticalCubes::kDrop;
  Json made_of = {{"format", kGroupFormat},
                  {"lines", LineListToJson(options.lines)},
                  {"settings", source.settings},
                  {"rows", Json::array()}};
  for (const PlannedCube& cube : cubes) {
    Json row = {cube.galaxy.plateifu, cube.galaxy.z.value_or(0)};
    if (drop_critical) row.push_back(cube.galaxy.drp3qual ? Json(*cube.galaxy.drp3qual) : Json());
    made_of["rows"].push_back(std::move(row));
  }
  return Sha256Hex(made_of.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Finds every galaxy's cube and cuts the rows into groups.
absl::StatusOr<std::vector<PlannedGroup>> PlanGroups(const Selection& selection,
                                                     const CubeSource& source,
                                                     const BuildDatasetOptions& options) {
  std::vector<PlannedCube> cubes(selection.galaxies.size());
  PECULIAR_RETURN_IF_ERROR(ParallelFor(cubes.size(), options.threads, [&](std::size_t i) {
    cubes[i].galaxy = selection.galaxies[i];
    if (auto path = source.find(cubes[i].galaxy.plateifu)) {
      cubes[i].path = *std::move(path);
      cubes[i].stamp = StampOf(cubes[i].path);
    }
    return absl::OkStatus();
  }));
  std::vector<PlannedGroup> groups;
  for (std::size_t begin = 0; begin < cubes.size(); begin += options.galaxies_per_shard) {
    const std::size_t end = std::min(begin + options.galaxies_per_shard, cubes.size());
    PlannedGroup& group = groups.emplace_back();
    group.index = groups.size() - 1;
    group.cubes.assign(std::make_move_iterator(cubes.begin() + static_cast<std::ptrdiff_t>(begin)),
                       std::make_move_iterator(cubes.begin() + static_cast<std::ptrdiff_t>(end)));
    group.key = GroupKey(group.cubes, source, options);
  }
  return groups;
}

std::size_t CountCubes(const PlannedGroup& group) {
  return static_cast<std::size_t>(std::count_if(group.cubes.begin(), group.cubes.end(),
                                                [](const auto& cube) { return cube.stamp; }));
}

// Puts the galaxies of a group into the manifest, as entries or as exclusions.
void AddGroup(const PlannedGroup& group, const GroupRecord& record, DatasetManifest& manifest) {
  const auto shard = static_cast<std::uint32_t>(manifest.shards.size());
  if (record.shard) manifest.shards.push_back(*record.shard);
  for (std::size_t i = 0; i < group.cubes.size(); ++i) {
    const GalaxyRecord& galaxy = group.cubes[i].galaxy;
    const CubeOutcome& outcome = record.cubes[i];
    if (!outcome.stamp) {
      manifest.excluded.push_back({galaxy, ExclusionReason::kCubeMissing, "no LOGCUBE file"});
      continue;
    }
    if (!outcome.refusal.empty()) {
      manifest.excluded.push_back({galaxy, ExclusionReason::kCubeRefused, outcome.refusal});
      continue;
    }
    GalaxyRecord filled = FilledFrom(outcome.header, galaxy);
    if (outcome.row) {
      manifest.entries.push_back(
          {std::move(filled), outcome.quality, outcome.sha256, shard, *outcome.row});
    } else if (auto exclusion = FindExclusion(filled, manifest.selection)) {
      manifest.excluded.push_back(*std::move(exclusion));
    }
  }
}

// Removes the files of the folder whose name is `unwanted`.
absl::Status RemoveFiles(const std::filesystem::path& folder,
                         const std::function<bool(const std::string&)>& unwanted) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    if (unwanted(file.path().filename().string())) found.push_back(file.path());
  }
  for (const auto& path : found) {
    if (!error) std::filesystem::remove(path, error);
  }
  return error ? StatusFromErrno("clean", folder, error.value()) : absl::OkStatus();
}

// The records of the groups that need no work; nothing for the others.
absl::StatusOr<std::vector<std::optional<GroupRecord>>> FindFinished(
    const std::filesystem::path& folder, const std::vector<PlannedGroup>& groups, int threads) {
  std::vector<std::optional<GroupRecord>> records(groups.size());
  PECULIAR_RETURN_IF_ERROR(ParallelFor(groups.size(), threads, [&](std::size_t g) {
    if (CountCubes(groups[g]) > 0) {
      records[g] = FindFinishedGroup(folder, groups[g]);
    } else {
      // All missing: nothing to do and nothing to remember.
      records[g].emplace().cubes.resize(groups[g].cubes.size());
    }
    return absl::OkStatus();
  }));
  return records;
}

// Does the groups without a record. Groups with few cubes are taken together, so that all threads
// have work; at most galaxies_per_shard cubes at a time.
absl::Status BuildUnfinished(const std::filesystem::path& folder,
                             const std::vector<PlannedGroup>& groups, const CubeSource& source,
                             const BuildDatasetOptions& options, const BuildDatasetEvents& events,
                             std::vector<std::optional<GroupRecord>>& records,
                             BuildDatasetReport& report) {
  std::size_t next = 0;
  while (next < groups.size()) {
    std::vector<const PlannedGroup*> batch;
    std::size_t cubes = 0;
    for (; next < groups.size(); ++next) {
      if (records[next]) continue;
      const std::size_t more = CountCubes(groups[next]);
      if (!batch.empty() && cubes + more > options.galaxies_per_shard) break;
      batch.push_back(&groups[next]);
      cubes += more;
    }
    PECULIAR_ASSIGN_OR_RETURN(auto built, BuildGroups(folder, batch, source, options, events));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      report.shards_written += built[i].shard.has_value();
      records[batch[i]->index] = std::move(built[i]);
    }
    report.cubes_read += cubes;
  }
  return absl::OkStatus();
}

DatasetManifest MakeManifest(const Selection& selection, const BuildDatasetOptions& options,
                             const std::vector<PlannedGroup>& groups,
                             const std::vector<std::optional<GroupRecord>>& records) {
  DatasetManifest manifest{.lines = options.lines,
                           .selection = options.selection,
                           .inputs = options.inputs,
                           .excluded = selection.excluded};
  for (const PlannedGroup& group : groups) AddGroup(group, *records[group.index], manifest);
  std::sort(manifest.excluded.begin(), manifest.excluded.end(),
            [](const auto& a, const auto& b) { return a.galaxy.plateifu < b.galaxy.plateifu; });
  return manifest;
}

// Puts the manifest in place, then removes the shards and records it does not stand on.
absl::Status FinishDataset(const std::filesystem::path& folder,
                           const std::vector<PlannedGroup>& groups,
                           const DatasetManifest& manifest) {
  PECULIAR_RETURN_IF_ERROR(WriteManifest(folder / kManifestName, manifest));
  std::set<std::string> keep;
  for (const ShardReference& shard : manifest.shards) keep.insert(shard.file);
  for (const PlannedGroup& group : groups) {
    if (CountCubes(group) > 0) keep.insert(GroupRecordName(group.index));
  }
  return RemoveFiles(folder, [&](const std::string& name) {
    return name.starts_with("shard-") && !keep.contains(name);
  });
}

}  // namespace

absl::StatusOr<BuildDatasetReport> BuildDataset(const std::filesystem::path& folder,
                                                const Selection& selection,
                                                const CubeSource& source,
                                                const BuildDatasetOptions& options,
                                                const BuildDatasetEvents& events) {
  PECULIAR_RETURN_IF_ERROR(CheckRequest(selection, options));
  PECULIAR_RETURN_IF_ERROR(CreateFolder(folder));
  // What a killed run has left unfinished.
  PECULIAR_RETURN_IF_ERROR(
      RemoveFiles(folder, [](const auto& name) { return IsTemporaryName(name); }));
  PECULIAR_ASSIGN_OR_RETURN(const auto groups, PlanGroups(selection, source, options));
  BuildDatasetReport report;
  for (const PlannedGroup& group : groups) report.cubes_found += CountCubes(group);
  if (events.planned) events.planned(report.cubes_found);
  PECULIAR_ASSIGN_OR_RETURN(auto records, FindFinished(folder, groups, options.threads));
  for (const auto& record : records) report.shards_reused += record && record->shard;
  for (const PlannedGroup& group : groups) {
    if (records[group.index]) report.cubes_reused += CountCubes(group);
  }
  if (events.reused) events.reused(report.cubes_reused);
  PECULIAR_RETURN_IF_ERROR(
      BuildUnfinished(folder, groups, source, options, events, records, report));

  DatasetManifest manifest = MakeManifest(selection, options, groups, records);
  report.galaxies = manifest.entries.size();
  if (report.galaxies > 0) {
    PECULIAR_RETURN_IF_ERROR(FinishDataset(folder, groups, manifest));
    PECULIAR_ASSIGN_OR_RETURN(report.digest, Sha256OfFile(folder / kManifestName));
  }
  report.excluded = std::move(manifest.excluded);
  return report;
}

}  // namespace peculiar
