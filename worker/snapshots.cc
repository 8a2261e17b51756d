#include "worker/snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/base/json.h"
#include "core/snapshot/current.h"
#include "core/snapshot/manifest.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

constexpr double kBytesPerMebibyte = 1024.0 * 1024.0;

SnapshotRow DescribeSnapshot(const std::filesystem::path& snapshots, const std::string& id) {
  SnapshotRow row;
  row.id = id;
  const absl::StatusOr<Manifest> manifest = ReadSnapshotManifest(snapshots / id, id);
  if (!manifest.ok()) {
    row.problem = MessageOf(manifest.status());
    return row;
  }
  row.created = FormatUtc(manifest->created);
  row.galaxies = manifest->galaxy_count;
  for (const CatalogModel& model : manifest->models) row.models.push_back(model.name);
  for (const ManifestFile& file : manifest->files) row.bytes += file.bytes;
  return row;
}

Json ToJson(const SnapshotRow& row) {
  return {{"id", row.id},
          {"current", row.current},
          {"created", row.created.empty() ? Json() : Json(row.created)},
          {"galaxies", row.galaxies},
          {"models", row.models},
          {"bytes", row.bytes},
          {"problem", row.problem.empty() ? Json() : Json(row.problem)}};
}

void PrintTable(const SnapshotsReport& report) {
  fmt::print("{:<2}{:<31}{:<22}{:>8}  {:>9}  {}\n", "", "id", "created", "galaxies", "size",
             "models");
  for (const SnapshotRow& row : report.rows) {
    if (!row.problem.empty()) {
      fmt::print("{:<2}{:<31}{}\n", row.current ? "*" : "", row.id, row.problem);
      continue;
    }
    fmt::print("{:<2}{:<31}{:<22}{:>8}  {:>5.1f} MiB  {}\n", row.current ? "*" : "", row.id,
               row.created, row.galaxies, static_cast<double>(row.bytes) / kBytesPerMebibyte,
               fmt::join(row.models, ", "));
  }
}

}  // namespace

absl::StatusOr<SnapshotsReport> RunSnapshots(const SnapshotsOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace,
                            Workspace::Open(options.workspace, WorkspaceAccess::kRead));
  const std::filesystem::path snapshots = workspace.snapshots_folder();
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, ListSnapshots(snapshots));
  const absl::StatusOr<std::string> current = ReadCurrent(snapshots);
  SnapshotsReport report;
  for (const std::string& id : ids) {
    report.rows.push_back(DescribeSnapshot(snapshots, id));
    report.rows.back().current = current.ok() && *current == id;
  }
  if (ids.empty() && absl::IsNotFound(current.status())) return report;
  if (!current.ok()) {
    report.problem = MessageOf(current.status());
  } else if (std::find(ids.begin(), ids.end(), *current) == ids.end()) {
    report.problem = fmt::format("CURRENT names {}, which is not there", *current);
  }
  return report;
}

void AddSnapshotsCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    SnapshotsOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("snapshots", "List the published snapshots");
  const auto flags = std::make_shared<Flags>();
  verb->add_option("--workspace", flags->options.workspace, "the workspace")->required();
  verb->add_option("-o,--output", flags->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  verb->callback([flags, &result] {
    const absl::StatusOr<SnapshotsReport> report = RunSnapshots(flags->options);
    result.status = report.status();
    if (!report.ok()) return;
    if (flags->output == "json") {
      Json rows = Json::array();
      for (const SnapshotRow& row : report->rows) rows.push_back(ToJson(row));
      fmt::print("{}\n",
                 Json{{"snapshots", rows}}.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
      PrintTable(*report);
    }
    if (!report->problem.empty()) fmt::print(stderr, "peculiar-worker: {}\n", report->problem);
  });
}

}  // namespace peculiar::worker
