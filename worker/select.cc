#include "worker/select.h"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace peculiar::worker {
namespace {

void PrintTable(const SelectReport& report) {
  const auto row = [](std::string_view name, std::size_t count) {
    fmt::print("{:<24} {:>7}\n", name, count);
  };
  row("rows", report.rows);
  row("selected", report.selection.galaxies.size());
  for (const auto& [reason, count] : CountReasons(report.selection.excluded)) {
    row(fmt::format("  {}", ExclusionReasonName(reason)), count);
  }
  row("AGN listed", report.agn_listed);
  row("  not in drpall", report.agn_unmatched);
  row("AGN selected", report.agn.any);
  row("  infrared", report.agn.infrared);
  row("  x_ray", report.agn.x_ray);
  row("  radio", report.agn.radio);
  row("  broad_line", report.agn.broad_line);
  for (const auto& [observations, count] : report.repeats) {
    row(fmt::format("observed {} times", observations), count);
  }
}

}  // namespace

absl::StatusOr<SelectReport> RunSelect(const SurveyTablesOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(SurveyTables tables, ReadSurveyTables(options));
  SelectReport report;
  report.rows = tables.rows.size();
  report.agn_listed = tables.agn_listed;
  report.agn_unmatched = tables.agn_unmatched;
  report.selection = SelectGalaxies(std::move(tables.rows), options.selection);
  report.agn = CountAgn(report.selection.galaxies);
  report.repeats = CountRepeats(report.selection.galaxies);
  return report;
}

Json SelectReportToJson(const SelectReport& report) {
  Json repeats = Json::object();
  for (const auto& [observations, count] : report.repeats) {
    repeats[std::to_string(observations)] = count;
  }
  return {{"rows", report.rows},
          {"selected", report.selection.galaxies.size()},
          {"excluded", ReasonsToJson(report.selection.excluded)},
          {"agn",
           {{"listed", report.agn_listed},
            {"not_in_drpall", report.agn_unmatched},
            {"selected", report.agn.any},
            {"infrared", report.agn.infrared},
            {"x_ray", report.agn.x_ray},
            {"radio", report.agn.radio},
            {"broad_line", report.agn.broad_line}}},
          {"repeats", repeats}};
}

void AddSelectCommand(CLI::App& app, CommandResult& result) {
  struct Flags {
    SurveyTablesOptions options;
    std::string output = "table";
  };
  CLI::App* verb = app.add_subcommand("select", "Count which galaxies of drpall would be taken");
  const auto flags = std::make_shared<Flags>();
  AddSurveyFlags(*verb, flags->options);
  AddOutputFlag(*verb, flags->output);
  verb->callback([flags, &result] {
    const absl::StatusOr<SelectReport> report = RunSelect(flags->options);
    result.status = report.status();
    if (!report.ok()) return;
    if (flags->output == "json") {
      fmt::print("{}\n", SelectReportToJson(*report).dump(2));
    } else {
      PrintTable(*report);
    }
  });
}

}  // namespace peculiar::worker
