// peculiar-worker ingest: reads the LOGCUBE of every selected galaxy and leaves the dataset in
// W/dataset. Can be killed and run again; cubes that have not changed are not read twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/dataset/build_dataset.h"
#include "worker/command.h"
#include "worker/survey_tables.h"

namespace peculiar::worker {

struct IngestOptions {
  std::filesystem::path workspace;  // made when absent
  SurveyTablesOptions survey;
  std::filesystem::path cubes;  // see cube_files.h
  std::filesystem::path lines;  // a line list; empty: the paper's 19 lines
  double max_cube_gib = 4;      // bound on one cube inflated
  int threads = 0;              // 0 = all cores
  // Selected galaxies to a file of the dataset: the least that `embed --shard` can give a process.
  std::size_t galaxies_per_shard = BuildDatasetOptions().galaxies_per_shard;
};

struct IngestReport {
  BuildDatasetReport build;
  std::size_t selected = 0;
};

// Reads the tables before anything is written. Holds the workspace's lock meanwhile. Cubes that
// cannot be read are in the report; when none can, report.build.galaxies is 0 and W keeps the
// dataset it had. Errors: of ReadSurveyTables, ReadLineList, Workspace::Create, BuildDataset;
// NOT_FOUND when `cubes` is not a folder.
absl::StatusOr<IngestReport> RunIngest(const IngestOptions& options);

// FAILED_PRECONDITION when not one galaxy could be read.
absl::Status StatusOf(const IngestReport& report);

// The refused galaxies, one a line, to standard error.
void PrintRefused(const IngestReport& report);

Json IngestReportToJson(const IngestReport& report);

void AddIngestCommand(CLI::App& app, CommandResult& result);

}  // namespace peculiar::worker
