// The tables a survey comes with, read together: drpall and, when given, a list of AGN. And the
// flags that name them, the same for every verb that selects galaxies.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/dataset/selection.h"
#include "worker/command.h"

namespace peculiar::worker {

struct SurveyTablesOptions {
  std::filesystem::path drpall;
  std::filesystem::path agn;  // empty: none
  SelectionOptions selection;
};

struct SurveyTables {
  std::vector<GalaxyRecord> rows;             // of drpall, AGN flags set
  std::map<std::string, std::string> inputs;  // SHA-256 of "drpall" and "agn"
  std::size_t agn_listed = 0;
  std::size_t agn_unmatched = 0;  // listed, but not in drpall
};

// Errors as ReadDrpall and ReadAgnTable; INVALID_ARGUMENT unless -1 <= z_min < z_max.
absl::StatusOr<SurveyTables> ReadSurveyTables(const SurveyTablesOptions& options);

// {"no_redshift": 12, ...}: every reason that occurs.
Json ReasonsToJson(const std::vector<Exclusion>& excluded);

// --drpall --agn --z-min --z-max --drop-critical
void AddSurveyFlags(CLI::App& verb, SurveyTablesOptions& options);

// -o, --output table|json; `output` holds the default.
void AddOutputFlag(CLI::App& verb, std::string& output);

}  // namespace peculiar::worker
