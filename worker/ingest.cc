#include "worker/ingest.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "core/cube/extract_lines.h"
#include "core/fits/logcube_reader.h"
#include "worker/cube_files.h"
#include "worker/progress.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

absl::StatusOr<CubeRead> ReadAndExtract(const std::filesystem::path& path,
                                        const GalaxyRecord& galaxy, const LineList& lines,
                                        const LogcubeReadOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Cube cube, ReadLogcube(path, galaxy.plateifu, options));
  PECULIAR_ASSIGN_OR_RETURN(ExtractedLines extracted,
                            ExtractLines(cube, lines, galaxy.z.value_or(0)));
  return CubeRead{std::move(extracted), cube.header};
}

CubeSource LogcubesIn(const std::filesystem::path& folder, double max_cube_gib) {
  const LogcubeReadOptions options{.max_inflated_bytes =
                                       static_cast<std::uint64_t>(max_cube_gib * 0x1p30)};
  CubeSource source;
  source.find = [folder](std::string_view plateifu) { return FindCubeFile(folder, plateifu); };
  source.read = [options](const std::filesystem::path& path, const GalaxyRecord& galaxy,
                          const LineList& lines) {
    return ReadAndExtract(path, galaxy, lines, options);
  };
  source.settings = fmt::format("LOGCUBE of at most {} bytes", options.max_inflated_bytes);
  return source;
}

std::size_t CountOf(const IngestReport& report, ExclusionReason reason) {
  const auto counts = CountReasons(report.build.excluded);
  const auto found = counts.find(reason);
  return found == counts.end() ? 0 : found->second;
}

void PrintTable(const IngestReport& report) {
  const auto row = [](std::string_view name, std::size_t count) {
    fmt::print("{:<24} {:>7}\n", name, count);
  };
  row("selected", report.selected);
  row("cubes found", report.build.cubes_found);
  row("  read now", report.build.cubes_read);
  row("  kept from before", report.build.cubes_reused);
  row("galaxies in the dataset", report.build.galaxies);
  row("left out", report.build.excluded.size());
  for (const auto& [reason, count] : CountReasons(report.build.excluded)) {
    row(fmt::format("  {}", ExclusionReasonName(reason)), count);
  }
}

}  // namespace

absl::StatusOr<IngestReport> RunIngest(const IngestOptions& options) {
  BuildDatasetOptions build{.selection = options.survey.selection,
                            .threads = options.threads,
                            .galaxies_per_shard = options.galaxies_per_shard};
  PECULIAR_ASSIGN_OR_RETURN(SurveyTables tables, ReadSurveyTables(options.survey));
  build.inputs = std::move(tables.inputs);
  if (!options.lines.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(build.lines, ReadLineList(options.lines));
  }
  std::error_code error;
  if (!std::filesystem::is_directory(options.cubes, error)) {
    return NotFound("{} is not a folder of cubes", options.cubes.string());
  }
  const Selection selection = SelectGalaxies(std::move(tables.rows), build.selection);
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace, Workspace::Create(options.workspace));

  std::optional<Progress> progress;
  BuildDatasetEvents events;
  events.planned = [&](std::size_t cubes) {
    if (cubes > 0) progress.emplace("ingest", static_cast<std::int64_t>(cubes), "cubes");
  };
  events.reused = [&](std::size_t cubes) {
    if (progress) progress->Skip(static_cast<std::int64_t>(cubes));
  };
  events.cube_done = [&] { progress->Advance(); };
  IngestReport report{.selected = selection.galaxies.size()};
  PECULIAR_ASSIGN_OR_RETURN(
      report.build, BuildDataset(workspace.dataset_folder(), selection,
                                 LogcubesIn(options.cubes, options.max_cube_gib), build, events));
  return report;
}

absl::Status StatusOf(const IngestReport& report) {
  if (report.build.galaxies > 0) return absl::OkStatus();
  return FailedPrecondition(
      "no galaxy could be read: {} selected, {} without a LOGCUBE file, {} refused",
      report.selected, CountOf(report, ExclusionReason::kCubeMissing),
      CountOf(report, ExclusionReason::kCubeRefused));
}

// Every refused cube by name; of the missing ones the first few, since most of a survey may be
// missing on purpose.
void PrintRefused(const IngestReport& report) {
  constexpr std::size_t kMissingNamed = 20;
  std::size_t missing = 0;
  for (const Exclusion& exclusion : report.build.excluded) {
    if (exclusion.reason == ExclusionReason::kCubeRefused) {
      fmt::print(stderr, "refused {}: {}\n", exclusion.galaxy.plateifu, exclusion.detail);
    } else if (exclusion.reason == ExclusionReason::kCubeMissing && ++missing <= kMissingNamed) {
      fmt::print(stderr, "missing {}: {}\n", exclusion.galaxy.plateifu, exclusion.detail);
    }
  }
  if (missing > kMissingNamed) {
    fmt::print(stderr, "missing {} more; dataset.json names them\n", missing - kMissingNamed);
  }
}

Json NamesToJson(const IngestReport& report, ExclusionReason reason) {
  Json names = Json::array();
  for (const Exclusion& exclusion : report.build.excluded) {
    if (exclusion.reason != reason) continue;
    names.push_back({{"plateifu", exclusion.galaxy.plateifu}, {"reason", exclusion.detail}});
  }
  return names;
}

Json IngestReportToJson(const IngestReport& report) {
  return {{"selected", report.selected},
          {"cubes_found", report.build.cubes_found},
          {"cubes_read", report.build.cubes_read},
          {"cubes_reused", report.build.cubes_reused},
          {"galaxies", report.build.galaxies},
          {"excluded", ReasonsToJson(report.build.excluded)},
          {"refused", NamesToJson(report, ExclusionReason::kCubeRefused)},
          {"missing", NamesToJson(report, ExclusionReason::kCubeMissing)},
          {"dataset", report.build.digest}};
}

// long: a statement a flag
void AddIngestCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    IngestOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("ingest", "Read LOGCUBE files into the workspace's dataset");
  const auto flags = std::make_shared<Flags>();
  IngestOptions& options = flags->options;
  verb->add_option("--workspace", options.workspace, "the workspace; made when absent")->required();
  AddSurveyFlags(*verb, options.survey);
  verb->add_option("--cubes", options.cubes,
                   "folder of manga-PLATE-IFU-LOGCUBE.fits[.gz] files, or with PLATE/stack, "
                   "PLATE or PLATE-IFU folders of them")
      ->required();
  verb->add_option("--lines", options.lines,
                   "file of name,wavelength_angstrom lines (vacuum, rest frame) in place of the "
                   "19 of the paper");
  verb->add_option("--max-cube-gib", options.max_cube_gib, "refuse cubes that inflate to more")
      ->check(CLI::Range(0.001, 1024.0))
      ->capture_default_str();
  verb->add_option("--galaxies-per-shard", options.galaxies_per_shard,
                   "selected galaxies to a file of the dataset, the least that embed --shard can "
                   "give a process")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  verb->add_option("--threads", options.threads,
                   "0 = all cores; each holds one cube: its file, inflated, and what is read of it")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    const absl::StatusOr<IngestReport> report = RunIngest(flags->options);
    result.status = report.status();
    if (!report.ok()) return;
    PrintRefused(*report);
    if (flags->output == "json") {
      fmt::print("{}\n", IngestReportToJson(*report).dump(2));
    } else {
      PrintTable(*report);
    }
    result.status = StatusOf(*report);
  });
}

}  // namespace peculiar::worker
