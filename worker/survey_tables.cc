#include "worker/survey_tables.h"

#include "core/base/digest.h"
#include "core/fits/agn_table.h"
#include "core/fits/drpall.h"

namespace peculiar::worker {

absl::StatusOr<SurveyTables> ReadSurveyTables(const SurveyTablesOptions& options) {
  const SelectionOptions& selection = options.selection;
  if (!(selection.z_min >= -1 && selection.z_min < selection.z_max)) {
    return InvalidArgument("redshift range {} to {}: expected -1 <= z-min < z-max", selection.z_min,
                           selection.z_max);
  }
  SurveyTables tables;
  PECULIAR_ASSIGN_OR_RETURN(tables.rows, ReadDrpall(options.drpall));
  PECULIAR_ASSIGN_OR_RETURN(tables.inputs["drpall"], Sha256OfFile(options.drpall));
  if (!options.agn.empty()) {
    PECULIAR_ASSIGN_OR_RETURN(const AgnTable agn, ReadAgnTable(options.agn));
    PECULIAR_ASSIGN_OR_RETURN(tables.inputs["agn"], Sha256OfFile(options.agn));
    tables.agn_listed = agn.size();
    tables.agn_unmatched = ApplyAgnTable(agn, tables.rows);
  }
  return tables;
}

Json ReasonsToJson(const std::vector<Exclusion>& excluded) {
  Json json = Json::object();
  for (const auto& [reason, count] : CountReasons(excluded)) {
    json[std::string(ExclusionReasonName(reason))] = count;
  }
  return json;
}

void AddSurveyFlags(CLI::App& verb, SurveyTablesOptions& options) {
  verb.add_option("--drpall", options.drpall,
                  "the survey's summary table, FITS or CSV; a CSV with plateifu,z is enough")
      ->required();
  verb.add_option("--agn", options.agn, "list of AGN by plate-IFU, FITS or CSV");
  SelectionOptions& selection = options.selection;
  verb.add_option("--z-min", selection.z_min, "galaxies with a redshift above this")
      ->capture_default_str();
  verb.add_option("--z-max", selection.z_max, "galaxies with a redshift below this")
      ->capture_default_str();
  verb.add_flag_callback(
      "--drop-critical", [&selection] { selection.critical = CriticalCubes::kDrop; },
      "leave out cubes whose DRP3QUAL says CRITICAL");
}

void AddOutputFlag(CLI::App& verb, std::string& output) {
  verb.add_option("-o,--output", output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

}  // namespace peculiar::worker
