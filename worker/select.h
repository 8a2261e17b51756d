// peculiar-worker select: which galaxies of drpall would be taken, and why the others not; reads
// tables only, no cubes.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/dataset/selection.h"
#include "worker/command.h"
#include "worker/survey_tables.h"

namespace peculiar::worker {

struct SelectReport {
  std::size_t rows = 0;  // of drpall
  Selection selection;
  AgnCounts agn;  // of the selected galaxies
  std::size_t agn_listed = 0;
  std::size_t agn_unmatched = 0;
  std::map<std::size_t, std::size_t> repeats;  // of the selected: mangaids by observations
};

// Errors as ReadSurveyTables.
absl::StatusOr<SelectReport> RunSelect(const SurveyTablesOptions& options);

Json SelectReportToJson(const SelectReport& report);

void AddSelectCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
