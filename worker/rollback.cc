#include "worker/rollback.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "core/base/json.h"
#include "core/snapshot/current.h"
#include "core/snapshot/layout.h"
#include "core/snapshot/snapshot.h"
#include "worker/workspace.h"

namespace peculiar::worker {
namespace {

// The newest snapshot before `current`.
absl::StatusOr<std::string> FindEarlier(const std::filesystem::path& snapshots,
                                        const absl::StatusOr<std::string>& current) {
  if (!current.ok()) {
    return FailedPrecondition("{}: name the snapshot to go to by --to",
                              MessageOf(current.status()));
  }
  PECULIAR_ASSIGN_OR_RETURN(const std::vector<std::string> ids, ListSnapshots(snapshots));
  const auto at = std::lower_bound(ids.begin(), ids.end(), *current);
  if (at == ids.begin()) {
    return NotFound("no snapshot before the current {} in {}", *current, snapshots.string());
  }
  return *(at - 1);
}

}  // namespace

absl::StatusOr<RollbackReport> RunRollback(const RollbackOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const Workspace workspace, Workspace::Open(options.workspace));
  const std::filesystem::path snapshots = workspace.snapshots_folder();
  const absl::StatusOr<std::string> current = ReadCurrent(snapshots);
  RollbackReport report;
  report.from = current.value_or("");
  report.to = options.to;
  if (report.to.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(report.to, FindEarlier(snapshots, current));
  }
  if (!IsSnapshotId(report.to)) return InvalidArgument("'{}' is not a snapshot id", report.to);
  const auto target = Snapshot::Open(snapshots / report.to, VerifyMode::kFull);
  PECULIAR_RETURN_IF_ERROR(
      Annotate(target.status(), fmt::format("cannot go back to snapshot {}", report.to)));
  PECULIAR_RETURN_IF_ERROR(WriteCurrent(snapshots, report.to));
  return report;
}

void AddRollbackCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    RollbackOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("rollback", "Serve an earlier snapshot again");
  const auto flags = std::make_shared<Flags>();
  verb->add_option("--workspace", flags->options.workspace, "the workspace")->required();
  verb->add_option("--to", flags->options.to, "id; default: the one before the current one");
  verb->add_option("-o,--output", flags->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  verb->callback([flags, &result] {
    const absl::StatusOr<RollbackReport> report = RunRollback(flags->options);
    result.status = report.status();
    if (!report.ok()) return;
    if (flags->output == "json") {
      fmt::print("{}\n", Json{{"from", report->from}, {"to", report->to}}.dump(2));
    } else {
      fmt::print("from  {}\nto    {}\n", report->from.empty() ? "-" : report->from, report->to);
    }
  });
}

}  // namespace peculiar::worker
